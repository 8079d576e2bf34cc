#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "integration/promql_differential/dice.h"
#include "integration/promql_differential/series_file.h"

namespace tocsin::differential {

/// How the values of a metric move.
enum class Kind : std::uint8_t {
  kCounter,  ///< whole numbers with resets
  kFloatCounter,
  kGauge,  ///< a walk, below zero too
  kWhole,  ///< small whole numbers, with many ties
  kFlag,   ///< 0 or 1
  kOne,    ///< always 1
  kTiny,   ///< next to the smallest numbers
  kHuge,
  kWeird,         ///< NaN, Inf and -Inf between numbers
  kTime,          ///< seconds since the epoch, some before it
  kBucket,        ///< cumulative over `le`
  kNanBucket,     ///< the same, some without a number
  kBrokenBucket,  ///< the same, with faults that histogram_quantile() has to bear
};

struct LabelChoice {
  std::string name;
  std::vector<std::string> values;
};

struct Metric {
  std::string name;
  Kind kind = Kind::kGauge;
  std::vector<LabelChoice> labels;  ///< its series are all combinations
  std::int64_t interval_ms = 15'000;
  double gaps = 0.05;  ///< share of series with gaps and stale markers

  std::vector<std::string> label_names() const;
};

/// What the expressions are about.
const std::vector<Metric>& catalogue();
/// Metrics of a service as the public PromQL compliance tests expect them (demo_*).
const std::vector<Metric>& demo_catalogue();

/// The times of the data and of the questions. All questions are at kPhase within half a second,
/// all durations are whole halves of a second, and no sample lies at kPhase or 0 within one: so no
/// range or lookback begins exactly at a sample.
struct TimeFrame {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;

  static constexpr std::int64_t kGrid = 500;
  static constexpr std::int64_t kPhase = 113;
};

TimeFrame make_frame(Dice& dice);
/// The series of these metrics, sorted by labels.
std::vector<SeriesData> make_series(const std::vector<Metric>& metrics, const TimeFrame& frame,
                                    Dice& dice);

}  // namespace tocsin::differential
