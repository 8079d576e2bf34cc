#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "exposition/page_layout.h"
#include "model/labels.h"
#include "series/store.h"
#include "sources/ingester.h"
#include "sources/raw_numbers.h"

/// What the Ingester keeps; for its own files.
namespace tocsin::sources {

/// Prometheus refuses samples that claim to be from further ahead.
inline constexpr std::int64_t kMaxAheadMs = 10 * 60 * 1000;

inline constexpr std::array<std::string_view, 5> kReportNames = {
    "up", "scrape_duration_seconds", "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling", "scrape_series_added"};

/// One numbered series of a target as the store knows it.
struct Ingester::Entry {
  series::SeriesRef ref = 0;  ///< 0: not known; may be void, as the store drops what has no samples
  std::uint32_t seen = 0;     ///< the last poll that showed it
  bool checked = false;       ///< against the limits on labels
  bool live = false;          ///< the last poll had it, and not with a timestamp of its own
};

/// One of the series that tell of the polls themselves.
struct Ingester::Report {
  model::Labels labels;
  series::SeriesRef ref = 0;
};

struct Ingester::TargetState {
  TargetStatus status;
  std::vector<Entry> entries;  // by number
  RawNumbers raw;
  std::shared_ptr<const exposition::PageLayout>
      layout;              // whose numbers they are, not null: not raw
  std::uint64_t page = 0;  // the last one of the layout
  /// Live series whose numbers went to others, or that have times of their own now: they end with
  /// this poll unless it shows them.
  std::vector<series::SeriesRef> left_behind;
  std::array<Report, kReportNames.size()> report;
  std::size_t live = 0;     ///< entries with live == true
  std::uint32_t polls = 0;  ///< the number of the current one
  std::int64_t newest_ms = 0;

  void name_report() {
    for (std::size_t i = 0; i < report.size(); ++i) {
      model::LabelsBuilder builder(status.spec.labels);
      builder.set(model::kMetricName, kReportNames[i]);
      report[i] = Report{.labels = builder.build()};
    }
  }

  /// A live series ends with this poll, unless the poll shows it without a time all the same.
  void end(Entry& entry) {
    entry.live = false;
    --live;
    left_behind.push_back(entry.ref);
  }

  void renew(Entry& entry) {
    if (entry.live) {
      end(entry);
    }
    entry = {};
  }

  /// The numbers are another's from now on.
  void renew_all() {
    for (Entry& entry : entries) {
      renew(entry);
    }
    entries.clear();
  }
};

/// One commit under way.
struct Ingester::Writing {
  TargetState& target;
  series::Appender appender;
  Ingested result;
  std::size_t still_live = 0;  ///< of those that were live before
};

}  // namespace tocsin::sources
