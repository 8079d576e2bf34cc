// Recording rules whose result is a native histogram.

#include <gtest/gtest.h>

#include "support/rule_harness.h"
#include "support/series_notation.h"

namespace tocsin::rules {
namespace {

using std::chrono::seconds;
using testing::RuleHarness;

// One histogram in the notation of scripts.
model::HistogramPtr histogram(const std::string& text) {
  const auto line = testing::parse_series_line("h " + text);
  return line && line->histogram(0) != nullptr ? line->histogram(0)->histogram : nullptr;
}

class RecordedHistograms : public ::testing::Test {
 protected:
  RecordedHistograms() {
    harness_.load(R"(
groups:
- name: latency
  interval: 10s
  rules:
  - {record: job:latency:sum, expr: 'sum by (job) (latency)', labels: {kind: total}}
  - {record: job:latency:rate, expr: 'sum by (job) (rate(latency[1m]))'}
  - {alert: Slow, expr: 'histogram_quantile(0.5, job:latency:sum) > 3'}
)");
  }
  void store(const std::string& instance, const std::string& text) {
    const model::HistogramPtr value = histogram(text);
    ASSERT_NE(value, nullptr) << text;
    harness_.store_only(1, {{"__name__", "latency"}, {"instance", instance}, {"job", "api"}}, value,
                        harness_.now());
  }
  double number(const std::string& expression) const {
    const auto found = harness_.query(expression, harness_.now());
    return found && found->size() == 1 ? found->front().value : -1;
  }

  RuleHarness harness_;
};

TEST_F(RecordedHistograms, AreStoredAndReadAsSuch) {
  store("a", "{{schema:0 sum:5 count:4 buckets:[1 2 1]}}");
  store("b", "{{schema:0 sum:7 count:3 buckets:[0 1 2]}}");
  harness_.evaluate_all(harness_.now());
  const auto recorded = harness_.query("job:latency:sum", harness_.now());
  ASSERT_TRUE(recorded);
  ASSERT_EQ(recorded->size(), 1U);
  EXPECT_EQ(recorded->front().labels.to_string(), "job:latency:sum{job=\"api\", kind=\"total\"}");
  ASSERT_NE(recorded->front().histogram, nullptr);
  EXPECT_EQ(recorded->front().histogram->count, 7);
  EXPECT_EQ(number("histogram_sum(job:latency:sum)"), 12);
  EXPECT_EQ(number("histogram_fraction(0, 1, job:latency:sum) * 7"), 1);
  EXPECT_TRUE(harness_.errors().empty());
}

TEST_F(RecordedHistograms, GrowStepByStepAndEndWithTheirSeries) {
  for (int i = 1; i <= 6; ++i) {
    const std::string n = std::to_string(i * 10);
    store("a", "{{schema:0 sum:" + n + " count:" + n + " buckets:[" + n + "]}}");
    harness_.evaluate_all(harness_.now());
    harness_.clock().advance(seconds(10));
  }
  EXPECT_EQ(number("count_over_time(job:latency:sum[2m])"), 6);
  EXPECT_NEAR(number("histogram_count(job:latency:rate)"), 1, 1e-9);
  EXPECT_EQ(number("histogram_count(increase(job:latency:sum[1m])) > bool 0"), 1);
  // The source has gone: so has what was recorded of it.
  harness_.clock().advance(seconds(400));
  harness_.evaluate_all(harness_.now());
  EXPECT_EQ(number("count(job:latency:sum)"), -1);
}

TEST_F(RecordedHistograms, CanBeAlertedOn) {
  store("a", "{{schema:0 sum:40 count:4 offset:2 buckets:[4]}}");
  harness_.evaluate_all(harness_.now());
  EXPECT_EQ(number("histogram_quantile(0.5, job:latency:sum) > bool 2"), 1);
  store("b", "{{schema:0 sum:400 count:40 offset:4 buckets:[40]}}");
  harness_.clock().advance(seconds(10));
  harness_.evaluate_all(harness_.now());
  EXPECT_EQ(harness_.alerts(model::AlertState::kFiring).size(), 1U);
}

}  // namespace
}  // namespace tocsin::rules
