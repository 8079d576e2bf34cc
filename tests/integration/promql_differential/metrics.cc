#include "integration/promql_differential/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace tocsin::differential {
namespace {

const LabelChoice kJob{"job", {"api", "db", "web"}};
const LabelChoice kInstance{"instance", {"a:1", "a:2", "b:1"}};
const LabelChoice kMethod{"method", {"GET", "POST"}};
const LabelChoice kCode{"code", {"200", "404", "500"}};
const LabelChoice kLe{"le", {"0.05", "0.1", "0.5", "1", "2.5", "+Inf"}};
const LabelChoice kDemoJob{"job", {"demo"}};
const LabelChoice kDemoInstance{
    "instance", {"demo.promlabs.com:10000", "demo.promlabs.com:10001", "demo.promlabs.com:10002"}};
const LabelChoice kDemoPath{"path", {"/api/foo", "/api/bar", "/api/nonexistent"}};
const LabelChoice kDemoStatus{"status", {"200", "500"}};

/// The samples of one series, one after the other.
class Walk {
 public:
  Walk(const Metric& metric, const model::Labels& labels, Dice& dice)
      : metric_(metric), dice_(dice), rate_(dice.uniform(0.2, 20)) {
    value_ = metric.kind == Kind::kGauge ? dice.uniform(-50, 50) : std::floor(rate_ * 10);
    if (metric.kind == Kind::kTime) {
      value_ = dice.uniform(-2e9, 4e9);
    }
    bound_ = base::parse_number(labels.get("le")).value_or(std::numeric_limits<double>::infinity());
  }

  double next() {
    switch (metric_.kind) {
      case Kind::kCounter:
        value_ = dice_.chance(0.01) ? 0 : value_ + std::floor(dice_.uniform(0, rate_));
        return value_;
      case Kind::kFloatCounter:
        value_ = dice_.chance(0.005) ? dice_.uniform(0, 1) : value_ + dice_.uniform(0, rate_);
        return value_;
      case Kind::kGauge:
        value_ = dice_.chance(0.1) ? value_ : value_ + dice_.uniform(-rate_, rate_);
        return value_;
      case Kind::kWhole:
        return static_cast<double>(dice_.between(-2, 9));
      case Kind::kFlag:
        flag_ = dice_.chance(0.05) ? !flag_ : flag_;
        return flag_ ? 1 : 0;
      case Kind::kOne:
        return 1;
      case Kind::kTiny:
        return dice_.uniform(-4, 9) *
               std::pow(10.0, static_cast<double>(dice_.between(-320, -300)));
      case Kind::kHuge:
        return dice_.uniform(-4, 9) * std::pow(10.0, static_cast<double>(dice_.between(14, 18)));
      case Kind::kWeird:
        return weird();
      case Kind::kTime:
        value_ += dice_.uniform(-1, 30) * 86'400;
        return std::floor(value_);
      case Kind::kBucket:
      case Kind::kNanBucket:
      case Kind::kBrokenBucket:
        return bucket();
    }
    return 0;
  }

 private:
  double weird() {
    switch (dice_.below(6)) {
      case 0:
        return std::numeric_limits<double>::quiet_NaN();
      case 1:
        return std::numeric_limits<double>::infinity();
      case 2:
        return -std::numeric_limits<double>::infinity();
      case 3:
        return -0.0;
      default:
        return dice_.uniform(-100, 100);
    }
  }

  // Observations up to the bound, if they are spread evenly up to 3; every series of a histogram
  // counts alike, so that buckets stay cumulative.
  double bucket() {
    ++steps_;
    const double share = std::min(bound_, 3.0) / 3.0;
    double count = std::floor(static_cast<double>(steps_) * 7 * share);
    if (metric_.kind == Kind::kBrokenBucket) {
      count += static_cast<double>(dice_.between(-3, 3));
    }
    if (metric_.kind == Kind::kNanBucket && dice_.chance(0.01)) {
      count = std::numeric_limits<double>::quiet_NaN();
    }
    return count;
  }

  const Metric& metric_;
  Dice& dice_;
  double rate_;
  double value_ = 0;
  double bound_ = 0;
  bool flag_ = true;
  std::int64_t steps_ = 0;
};

/// One series: mostly regular, some with gaps, stale markers, a late start or an early end.
SeriesData make_one(const Metric& metric, model::Labels labels, const TimeFrame& frame,
                    Dice& dice) {
  SeriesData series{.labels = std::move(labels), .samples = {}};
  Walk walk(metric, series.labels, dice);
  const bool irregular = dice.chance(metric.gaps);
  std::int64_t start = frame.start_ms;
  std::int64_t end = frame.end_ms;
  if (irregular && dice.chance(0.3)) {
    (dice.chance(0.5) ? start : end) = dice.between(frame.start_ms, frame.end_ms);
  }
  const std::int64_t phase = dice.between(0, metric.interval_ms / TimeFrame::kGrid - 1);
  for (std::int64_t slot = start + phase * TimeFrame::kGrid; slot < end;
       slot += metric.interval_ms) {
    // Anywhere within the half second but near its begin and the questions' phase.
    const std::int64_t grid = slot / TimeFrame::kGrid * TimeFrame::kGrid;
    const std::int64_t time = grid + dice.between(200, 400);
    if (irregular && dice.chance(0.02)) {
      if (dice.chance(0.5)) {
        series.samples.push_back({time, model::stale_marker()});
      }
      slot += metric.interval_ms * dice.between(1, 40);
      continue;
    }
    series.samples.push_back({time, walk.next()});
  }
  return series;
}

std::vector<model::Labels> combinations(const Metric& metric) {
  std::vector<model::Labels> all = {model::Labels{{model::kMetricName, metric.name}}};
  for (const LabelChoice& choice : metric.labels) {
    std::vector<model::Labels> longer;
    for (const model::Labels& labels : all) {
      for (const std::string& value : choice.values) {
        longer.push_back(model::LabelsBuilder(labels).set(choice.name, value).build());
      }
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

std::vector<std::string> Metric::label_names() const {
  std::vector<std::string> names;
  for (const LabelChoice& choice : labels) {
    names.push_back(choice.name);
  }
  return names;
}

const std::vector<Metric>& catalogue() {
  static const std::vector<Metric> kMetrics = {
      {"requests_total", Kind::kCounter, {kJob, kInstance, kMethod, kCode}, 15'000, 0.3},
      {"errors_total", Kind::kCounter, {kJob, kInstance, kCode}, 10'000, 0.3},
      {"cpu_seconds_total",
       Kind::kFloatCounter,
       {kJob, kInstance, {"mode", {"idle", "user"}}},
       30'000,
       0.2},
      {"queue_length", Kind::kWhole, {kJob, kInstance}, 15'000, 0.5},
      {"temperature", Kind::kGauge, {kInstance, {"room", {"east", "west"}}}, 20'000, 0.2},
      {"load", Kind::kGauge, {kJob, kInstance}, 15'000, 0},
      {"flag", Kind::kFlag, {kJob, kInstance}, 60'000, 0.3},
      {"tiny", Kind::kTiny, {kJob}, 15'000, 0},
      {"huge", Kind::kHuge, {kJob}, 15'000, 0},
      {"weird", Kind::kWeird, {kJob, {"kind", {"x", "y"}}}, 15'000, 0.3},
      {"build_info", Kind::kOne, {kJob, kInstance, {"version", {"1.2"}}}, 60'000, 0.3},
      {"team_info", Kind::kOne, {kJob, {"team", {"blue"}}}, 60'000, 0},
      {"limit", Kind::kGauge, {kJob}, 60'000, 0},
      {"stamp_seconds", Kind::kTime, {kJob}, 60'000, 0},
      {"sparse", Kind::kGauge, {kInstance}, 280'000, 0},
      {"latency_seconds_bucket", Kind::kBucket, {kJob, kInstance, kLe}, 15'000, 0.1},
      {"latency_seconds_count", Kind::kCounter, {kJob, kInstance}, 15'000, 0.1},
      {"latency_seconds_sum", Kind::kFloatCounter, {kJob, kInstance}, 15'000, 0.1},
      {"broken_bucket", Kind::kBrokenBucket, {kJob, kLe}, 15'000, 0.3},
      {"no_number_buckets", Kind::kNanBucket, {kJob, kLe}, 15'000, 0.3},
      {"open_bucket", Kind::kBucket, {kJob, {"le", {"0.1", "1", "1.0", "abc"}}}, 15'000, 0.1},
  };
  return kMetrics;
}

const std::vector<Metric>& demo_catalogue() {
  static const std::vector<Metric> kMetrics = {
      {"demo_memory_usage_bytes",
       Kind::kHuge,
       {kDemoInstance, kDemoJob, {"type", {"buffers", "cached", "free", "used"}}},
       5'000,
       0},
      {"demo_num_cpus", Kind::kOne, {kDemoInstance, kDemoJob}, 5'000, 0},
      {"demo_intermittent_metric", Kind::kGauge, {kDemoInstance, kDemoJob}, 5'000, 1},
      {"demo_disk_usage_bytes", Kind::kFloatCounter, {kDemoInstance, kDemoJob}, 5'000, 0},
      {"demo_cpu_usage_seconds_total",
       Kind::kFloatCounter,
       {kDemoInstance, kDemoJob, {"mode", {"idle", "system", "user"}}},
       5'000,
       0},
      {"demo_batch_last_success_timestamp_seconds",
       Kind::kTime,
       {kDemoInstance, kDemoJob},
       5'000,
       0},
      {"demo_api_request_duration_seconds_bucket",
       Kind::kBucket,
       {kDemoInstance, kDemoJob, kMethod, kDemoPath, kDemoStatus, kLe},
       5'000,
       0},
      {"demo_api_request_duration_seconds_count",
       Kind::kCounter,
       {kDemoInstance, kDemoJob, kMethod, kDemoPath, kDemoStatus},
       5'000,
       0},
      {"demo_api_request_duration_seconds_sum",
       Kind::kFloatCounter,
       {kDemoInstance, kDemoJob, kMethod, kDemoPath, kDemoStatus},
       5'000,
       0},
  };
  return kMetrics;
}

TimeFrame make_frame(Dice& dice) {
  // Two hours that begin at a full hour between 2017 and 2024.
  const std::int64_t start = dice.between(1'483'228'800 / 3600, 1'704'067'200 / 3600) * 3'600'000;
  return {.start_ms = start, .end_ms = start + 7'200'000};
}

std::vector<SeriesData> make_series(const std::vector<Metric>& metrics, const TimeFrame& frame,
                                    Dice& dice) {
  std::vector<SeriesData> all;
  for (const Metric& metric : metrics) {
    for (model::Labels& labels : combinations(metric)) {
      all.push_back(make_one(metric, std::move(labels), frame, dice));
    }
  }
  std::erase_if(all, [](const SeriesData& series) { return series.samples.empty(); });
  std::ranges::sort(all, {}, &SeriesData::labels);
  return all;
}

}  // namespace tocsin::differential
