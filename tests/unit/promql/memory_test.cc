#include "promql/memory.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/histogram.h"
#include "promql/query.h"
#include "series/store.h"

namespace tocsin::promql {
namespace {

using model::Labels;

/// Everything that a result says, with every bit of its numbers.
std::string text_of(const base::Result<Evaluation>& result) {
  if (!result) {
    return "error: " + result.error().to_string();
  }
  const auto number = [](double value) {
    return std::to_string(std::bit_cast<std::uint64_t>(value)) + " (" + std::to_string(value) + ")";
  };
  std::string text;
  if (const auto* vector = std::get_if<Vector>(&result->value)) {
    for (const VectorElement& element : *vector) {
      text += element.labels.to_string() + " @" + std::to_string(element.time_ms) + " " +
              number(element.value);
      text += element.histogram
                  ? " h" + number(element.histogram->count) + number(element.histogram->sum) + "\n"
                  : "\n";
    }
  } else if (const auto* scalar = std::get_if<Scalar>(&result->value)) {
    text += "scalar " + number(scalar->value) + "\n";
  }
  for (const std::string& warning : result->warnings) {
    text += warning + "\n";
  }
  for (const std::string& info : result->infos) {
    text += info + "\n";
  }
  return text + std::to_string(result->stats.total_samples) + " " +
         std::to_string(result->stats.peak_samples);
}

/// A query that is asked again and again, and what it remembers.
struct Rule {
  explicit Rule(const std::string& text) : query(*parse(text, ParseOptions::all())) {}

  Query query;
  Memory memory;
  series::Watching watching;
};

const std::vector<std::string>& texts() {
  static const std::vector<std::string> kTexts = {
      R"(sum by (route) (rate(requests_total{shard="a"}[1m])) > 0.2)",
      R"(sum without (instance) (increase(requests_total[8m])))",
      R"(avg by (shard) (-irate(requests_total[1m])))",
      R"(sum(rate(requests_total{shard="a"}[1m])) / sum(rate(requests_total[1m])) > 0.3)",
      R"(rate(requests_total{shard="b"}[30s]) / on (route, instance) rate(requests_total[1m]))",
      R"(gauge > 10)",
      R"(max by (shard) (gauge) - min by (shard) (gauge))",
      R"(gauge offset 20s > 3)",
      R"(delta(gauge[2m]))",
      R"(count by (shard, __name__) ({shard=~"a|b"}))",
      R"(topk by (shard) (2, rate(requests_total[1m])))",
      R"(max_over_time(gauge[3m]) > 3 or min_over_time(gauge[1m]))",
      R"(avg_over_time(gauge[5m]))",
      R"(stddev_over_time(gauge[8m]) > 1)",
      R"(quantile_over_time(0.5, gauge[8m]))",
      R"(changes(gauge[8m]) + resets(requests_total[8m]))",
      R"(last_over_time(gauge[1m]) unless absent_over_time(gauge{shard="c"}[1m]))",
      R"(ts_of_max_over_time(gauge[8m]))",
      R"(deriv(gauge[2m]) > bool predict_linear(gauge[2m], 60))",
      R"(rate(requests_total[8m] offset 30s))",
      R"(absent(gauge{shard="c"}))",
      R"(max_over_time(rate(requests_total[30s])[2m:10s]))",
      R"(sum by (instance) (rate(requests_total[1m] @ 1767225660)))",
      R"x(label_replace(gauge, "route", "$1", "shard", "(.*)") * 2)x",
      R"(sum by (route) (abs(round(rate(requests_total[1m]) * 60))))",
      R"(time() - timestamp(gauge) > 10)",
      R"(count(mixed) or sum(rate(mixed[1m])))",
      R"(rate(requests_total[1m] anchored))",
      R"(scalar(sum(gauge)) + count_over_time(gauge[1m]))",
  };
  return kTexts;
}

/// A store that everything happens to, and rules that are looked at meanwhile.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    for (const std::string& text : texts()) {
      rules_.push_back(std::make_unique<Rule>(text));
    }
  }

  void step() {
    const std::uint64_t what = random_.below(100);
    if (what < 60) {
      batch();
    } else if (what < 62) {
      step_clock();
    } else if (what < 64) {
      store_.expire(base::from_millis(now_ms_));
    } else if (what < 66) {
      // A rule is loaded anew.
      const std::size_t which = random_.below(rules_.size());
      rules_[which] = std::make_unique<Rule>(texts()[which]);
    } else if (what < 70) {
      now_ms_ += 200'000;  // nothing came for a while
    }
    look();
  }

  std::size_t looked() const { return looked_; }
  std::size_t kept() const { return kept_; }

 private:
  Labels labels(std::size_t number) const {
    static constexpr const char* kNames[] = {"requests_total", "gauge", "requests_total", "mixed"};
    return {{"__name__", kNames[number % 4]},
            {"shard", std::string(1, static_cast<char>('a' + number / 4 % 3))},
            {"route", std::to_string(number / 8 % 3)},
            {"instance", std::to_string(number)}};
  }

  double value(std::size_t number) {
    double& last = values_[number];
    switch (random_.below(40)) {
      case 0:
        return std::numeric_limits<double>::quiet_NaN();
      case 1:
        return random_.below(2) == 0 ? std::numeric_limits<double>::infinity() : -0.0;
      case 2:
        return model::stale_marker();
      case 3:
        last = 0.1 * static_cast<double>(random_.below(10));
        break;
      case 4:
        return 1e300;
      default:
        last += number % 4 == 1 ? static_cast<double>(random_.below(9)) - 4
                                : 0.1 * static_cast<double>(random_.below(30));
    }
    return last;
  }

  void batch() {
    now_ms_ += 1 + static_cast<std::int64_t>(random_.below(4) == 0 ? random_.below(9'000) : 5'000);
    // Now and then only some series come: others are gone for a while, maybe for good.
    const std::uint64_t share = random_.below(6) == 0 ? 30 : 95;
    series::Appender appender = store_.appender(static_cast<series::Origin>(random_.below(3)));
    for (std::size_t i = 0; i < kSeries; ++i) {
      if (random_.below(100) >= share || (i > first_ + 20)) {
        continue;
      }
      const std::int64_t late_ms = random_.below(30) == 0 ? 7'000 : 0;
      const model::Sample sample{now_ms_ - late_ms, value(i)};
      if (i % 4 == 3 && random_.below(10) == 0) {
        auto histogram = std::make_shared<model::Histogram>();
        histogram->count = sample.value;
        histogram->sum = sample.value;
        (void)appender.append(labels(i), model::HistogramSample{sample.time_ms, histogram, 0});
      } else if (random_.below(20) == 0) {
        (void)appender.put(labels(i), {now_ms_ - 5'001, sample.value});
        (void)appender.put(labels(i), sample);
      } else {
        (void)appender.append(labels(i), sample);
      }
    }
    if (random_.below(10) != 0) {
      appender.commit();
    }
    first_ += random_.below(20) == 0 ? 3 : 0;
  }

  void step_clock() {
    const auto delta = static_cast<std::int64_t>(random_.below(60'000)) - 50'000;
    now_ms_ += delta;
    if (delta < 0) {
      store_.shift_times(base::Duration(delta));
    }
  }

  void look() {
    // Some looks are behind what has come, as those on a grid can be.
    const std::int64_t at_ms =
        now_ms_ + (random_.below(5) == 0 ? -static_cast<std::int64_t>(random_.below(20'000))
                                         : static_cast<std::int64_t>(random_.below(3'000)));
    const base::WallTime at = base::from_millis(at_ms);
    for (const auto& rule : rules_) {
      if (random_.below(3) == 0) {
        continue;
      }
      const auto wanted = selections(rule->query, at, options_);
      const auto full = evaluate(rule->query, at, store_.snapshot(wanted), options_);
      const series::Snapshot live = store_.live(wanted, reach_at_hand(rule->query), rule->watching);
      const auto quick = evaluate(rule->query, at, live, options_, &rule->memory);
      ASSERT_EQ(text_of(full), text_of(quick)) << rule->query.text() << " at " << at_ms;
      ++looked_;
      kept_ += live.selections() > 0 && live.version(0) != 0 ? 1 : 0;
    }
  }

  static constexpr std::size_t kSeries = 48;

  base::SeededRandom random_;
  series::Store store_{{.retention = std::chrono::minutes(12)}};
  EvalOptions options_;
  std::vector<std::unique_ptr<Rule>> rules_;
  std::int64_t now_ms_ = 1'767'225'600'000;
  std::size_t first_ = 0;
  double values_[kSeries] = {};
  std::size_t looked_ = 0;
  std::size_t kept_ = 0;
};

TEST(Memory, ChangesNoBitOfAnyResult) {
  std::size_t looked = 0;
  std::size_t kept = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int i = 0; i < 160; ++i) {
      ASSERT_NO_FATAL_FAILURE(world.step()) << "step " << i;
    }
    looked += world.looked();
    kept += world.kept();
  }
  EXPECT_GT(kept, looked / 2);
}

TEST(Memory, SaysWhatGainsFromIt) {
  const auto gains = [](const char* text) { return is_incremental(*parse(text)); };
  EXPECT_TRUE(gains("sum by (route) (rate(requests_total[1m])) > 5"));
  EXPECT_TRUE(gains("rate(a[5m]) / rate(b[5m]) > 0.1"));
  EXPECT_TRUE(gains("up == 0"));
  EXPECT_TRUE(gains("absent(up)"));
  EXPECT_TRUE(gains("x offset 1w > 3"));
  EXPECT_FALSE(gains("time()"));
  EXPECT_FALSE(gains("max_over_time(rate(x[1m])[1h:1m])"));
  EXPECT_FALSE(gains("x @ 1767225660"));
  EXPECT_FALSE(gains("sort(x)"));
}

TEST(Memory, SaysHowMuchShouldBeAtHand) {
  const auto reach = [](const char* text) { return reach_at_hand(*parse(text)); };
  using std::chrono::minutes;
  EXPECT_EQ(reach("rate(a[1m]) / rate(b[5m])"),
            (std::vector<base::Duration>{minutes(1), minutes(5)}));
  EXPECT_EQ(reach("rate(a[1m] offset 2m)"), (std::vector<base::Duration>{minutes(3)}));
  EXPECT_EQ(reach("a > 1"), (std::vector<base::Duration>{base::Duration(0)}));
  EXPECT_EQ(reach("max_over_time(a[1h] @ 5)"), (std::vector<base::Duration>{base::Duration(0)}));
}

}  // namespace
}  // namespace tocsin::promql
