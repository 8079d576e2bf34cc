#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exposition/format.h"
#include "exposition/line.h"
#include "exposition/parse.h"
#include "model/labels.h"
#include "model/sample.h"

namespace tocsin::exposition {

/// One sample of a page, its series named by a number.
struct PageSample {
  double value = 0;
  std::uint32_t series = 0;  ///< below PageLayout::series_end()
  std::uint32_t offset = 0;  ///< where in the body the name of the series begins
};

/// In PageSamples::times: the page states no time for this sample.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

/// How a page was laid out: as the one before, otherwise, or there was none to compare it with.
enum class Laid : std::uint8_t { kNew, kSame, kChanged };

/// What one page shows.
struct PageSamples {
  std::vector<PageSample> samples;
  /// Milliseconds; one for each sample, or none at all when the page states no times.
  std::vector<std::int64_t> times;
  /// Numbers that name another series than on the pages before, if any.
  std::vector<std::uint32_t> fresh;
  /// Counts the pages of a layout, failed ones twice: who missed one knows its numbers no more.
  std::uint64_t page = 0;
  Laid laid = Laid::kNew;
  std::size_t before_fault = 0;  ///< samples before what made the page malformed, if it is
  std::size_t parsed = 0;  ///< samples whose line was not known by its place and had to be parsed

  void clear();
};

/// The label set of a series as its page states it, labels with empty values apart.
struct StatedLabels {
  model::Labels labels;
  std::vector<std::string> blank;
};

/// Reads the pages of one target, and remembers how the last one was laid out. A line whose series
/// is, byte for byte, the one that stood at the same place costs a comparison (of a hash of 64 bits
/// and the length) and the reading of a number: nothing is allocated, no label is looked at. What
/// has moved is found by its text; what is new gets a number of its own.
///
/// A page in another order, or with other series, each time is read at the speed of parse(), and
/// no more is remembered than the last pages showed. Not thread-safe; one page at a time.
///
///     PageSamples page;
///     if (layout.read(body, format, page)) {
///       for (std::uint32_t series : page.fresh) { names[series] = unknown; }
///       for (const PageSample& sample : page.samples) { …layout.labels(body, sample)… }
///     }
class PageLayout {
 public:
  /// Judges a page exactly as parse() does, with the same errors. After one, `page` has no samples
  /// but their number before the fault, and everything remembered is forgotten.
  base::Status read(std::string_view body, Format format, PageSamples& page);

  /// The labels of a sample that read() gave last, from the same body. Costs a parse of the line.
  StatedLabels labels(std::string_view body, const PageSample& sample) const;

  /// All numbers are below this.
  std::uint32_t series_end() const { return static_cast<std::uint32_t>(known_.size()); }
  /// Metadata of the last page; shared as long as it stays the same.
  std::shared_ptr<const std::vector<Family>> families() const { return families_; }

 private:
  class Walk;

  /// Which label of a series takes its canonical form.
  enum class Bound : std::uint8_t { kNone, kLe, kQuantile };

  struct Known {
    std::uint64_t hash = 0;
    std::uint32_t length = 0;  ///< of the text; 0: the number is free
    Bound bound = Bound::kNone;
    std::uint8_t missed = 0;  ///< changed pages since the last that showed it
  };
  /// A comment that a page had, to its line feed.
  struct Comment {
    std::uint64_t hash = 0;
    std::uint32_t length = 0;
    bool ends = false;                           ///< # EOF
    std::optional<model::MetricType> type = {};  ///< of a TYPE line
  };
  /// A line of the last page: a series' number, or with the highest bit a comment's place.
  using Line = std::uint32_t;
  static constexpr Line kComment = Line{1} << 31;

  void forget();
  void settle(std::vector<Line> lines, std::vector<Comment> comments);
  void free_series(std::uint32_t series);

  Format format_ = Format::kText;
  std::uint64_t page_ = 0;
  std::vector<Line> lines_;
  std::vector<Comment> comments_;
  std::vector<Known> known_;
  std::vector<std::uint32_t> free_;
  /// By hash; made when a line was not where it used to stand.
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> places_;
  std::uint32_t clean_pages_ = 0;  ///< since places_ was last used
  std::shared_ptr<const std::vector<Family>> families_;
};

}  // namespace tocsin::exposition
