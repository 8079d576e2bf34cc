#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "exposition/page_layout.h"
#include "model/labels.h"
#include "model/sample.h"

namespace tocsin::sources {

struct RawSample {
  model::Labels labels;  ///< as the source names them, without target labels
  double value = 0;
  std::optional<std::int64_t> time_ms;  ///< only when the source states one
  /// Labels that the source states as empty; usually null. They are no labels, but where target
  /// labels give way (honor_labels) an empty one keeps the target's out: Pushgateway's instance="".
  std::shared_ptr<const std::vector<std::string>> blank_labels = nullptr;
};

/// The samples of a scraped page, whose series are what `layout` says they are in `body`.
struct ScrapedPage {
  std::shared_ptr<const exposition::PageLayout> layout;
  std::string body;
  exposition::PageSamples samples;
};

/// What one poll gave, as samples or as a page, not both. A failed poll carries no samples: nothing
/// is half-committed.
struct Batch {
  std::vector<RawSample> samples;
  std::optional<ScrapedPage> page;
  bool up = false;
  std::string error;           ///< why not up; for /api/v1/targets
  base::WallTime started;      ///< the poll's wall time: the samples' timestamp
  base::Duration duration{0};  ///< how long it took (milliseconds)
  double duration_seconds = 0;
  std::size_t scraped = 0;  ///< before dropping; of a malformed page those before the fault
  std::size_t body_bytes = 0;
  base::MonotonicTime arrived;  ///< when the last byte was there: start of the latency

  std::size_t size() const { return page ? page->samples.samples.size() : samples.size(); }
};

struct PollContext {
  base::WallTime started;
  base::MonotonicTime deadline;
};

/// Something that is asked for its metrics again and again.
class Source {
 public:
  virtual ~Source() = default;
  /// Never throws and always returns a batch, failed ones included.
  virtual async::Task<Batch> poll(PollContext context) = 0;
};

/// How a target is polled and what its samples are called.
struct TargetSpec {
  std::string pool;          ///< job name
  std::string id;            ///< unique and stable over reloads: job and URL
  std::string url;           ///< shown in /api/v1/targets
  model::Labels labels;      ///< job, instance and what the configuration adds
  model::Labels discovered;  ///< before relabelling, for /api/v1/targets
  base::Duration interval = std::chrono::seconds(15);
  base::Duration timeout = std::chrono::seconds(10);
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool sharpen = false;        ///< may be polled faster while an alert is close; see Sharpening
  bool report_metrics = true;  ///< up, scrape_duration_seconds, …
  std::size_t sample_limit = 0;
  std::size_t label_limit = 0;
  std::size_t label_name_length_limit = 0;
  std::size_t label_value_length_limit = 0;

  friend bool operator==(const TargetSpec&, const TargetSpec&) = default;
};

struct Target {
  TargetSpec spec;
  std::shared_ptr<Source> source;
};

}  // namespace tocsin::sources
