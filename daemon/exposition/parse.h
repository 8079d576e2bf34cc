#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/format.h"
#include "exposition/line.h"
#include "model/labels.h"
#include "model/sample.h"

namespace tocsin::exposition {

/// What a page says of one metric family.
struct Family {
  std::string name;
  model::MetricType type = model::MetricType::kUnknown;
  std::string help;
  std::string unit;

  friend bool operator==(const Family&, const Family&) = default;
};

/// One series of a page with its value.
struct ParsedSample {
  /// Name and labels as they are written: the same text means the same labels, so a scraper can
  /// remember which series of a target it names.
  std::string_view series;
  std::string_view name;  ///< of the metric
  double value = 0;
  std::optional<std::int64_t> time_ms;
  std::uint32_t first_label = 0;  ///< see Page::labels()
  std::uint32_t label_count = 0;
};

/// A parsed page. Views point into the body, which has to outlive it, and into the page itself.
/// May be moved, not copied.
class Page {
 public:
  Page() = default;
  Page(Page&&) noexcept = default;
  Page& operator=(Page&&) noexcept = default;

  std::span<const ParsedSample> samples() const { return samples_; }
  /// In the order of their first mention. Families without metadata are not listed.
  std::span<const Family> families() const { return families_; }

  /// The labels as stated, without the metric name, empty ones included: for limits.
  std::span<const LabelView> labels(const ParsedSample& sample) const {
    return std::span(labels_).subspan(sample.first_label, sample.label_count);
  }
  /// The label set, metric name included, empty ones left out.
  model::Labels label_set(const ParsedSample& sample) const;

 private:
  friend class PageParser;
  std::vector<ParsedSample> samples_;
  std::vector<LabelView> labels_;
  std::vector<Family> families_;
  Texts texts_;
};

/// Reads what a target answered, as leniently as Prometheus: metadata that is wrong, repeated or
/// out of place is passed over. A malformed sample, invalid UTF-8, or an OpenMetrics page without
/// its `# EOF` fails the whole page: kInvalidInput with line and column. Exemplars are checked and
/// dropped. `le` of histograms and `quantile` of summaries come in their canonical form, "1.0"
/// for "1", as Prometheus 3 stores them.
///
///     const auto page = parse(body, format_from_content_type(type));
///     for (const ParsedSample& sample : page->samples()) { use(page->label_set(sample)); }
base::Result<Page> parse(std::string_view body, Format format);

/// The same as parse() with a page from before, whose memory is used again; empty on failure.
base::Status parse_into(std::string_view body, Format format, Page& page);

}  // namespace tocsin::exposition
