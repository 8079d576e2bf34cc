#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <map>

#include "base/random.h"
#include "series/store.h"

namespace tocsin::series {
namespace {

using model::Labels;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

/// The store's promises in their plainest form: a map of maps, copied to make a batch.
struct NaiveStore {
  std::map<Labels, std::map<std::int64_t, double>> series;
  std::int64_t floor = kMin;

  AppendOutcome append(const Labels& labels, model::Sample sample, bool replace) {
    if (sample.time_ms < floor) {
      return AppendOutcome::kTooOld;
    }
    const auto found = series.find(labels);
    if (found == series.end() || found->second.rbegin()->first < sample.time_ms) {
      series[labels][sample.time_ms] = sample.value;
      return AppendOutcome::kStored;
    }
    auto& samples = found->second;
    const auto same = samples.find(sample.time_ms);
    const bool newest = same != samples.end() && std::next(same) == samples.end();
    if (same == samples.end() || (!newest && !replace)) {
      return AppendOutcome::kOutOfOrder;
    }
    if (bits(same->second) == bits(sample.value)) {
      return AppendOutcome::kDuplicate;
    }
    if (!replace) {
      return AppendOutcome::kConflict;
    }
    same->second = sample.value;
    return AppendOutcome::kReplaced;
  }

  void expire(std::int64_t before) {
    floor = before;
    for (auto& [labels, samples] : series) {
      samples.erase(samples.begin(), samples.lower_bound(before));
    }
    std::erase_if(series, [](const auto& entry) { return entry.second.empty(); });
  }
};

/// A store and its model, driven by the same random operations.
class Twins {
 public:
  explicit Twins(std::uint64_t seed) : random_(seed) {}

  void step() {
    const std::uint64_t choice = random_.below(20);
    if (choice == 0) {
      const auto now = base::from_millis(time_);
      store_.expire(now);
      naive_.expire(time_ - 1000);
    } else {
      batch(choice < 17);
    }
    compare();
  }

 private:
  Labels random_labels() {
    model::LabelsBuilder builder;
    builder.set("__name__", "m" + std::to_string(random_.below(3)));
    builder.set("a", std::to_string(random_.below(4)));
    if (random_.below(2) == 0) {
      builder.set("b", "x" + std::to_string(random_.below(3)));
    }
    return builder.build();
  }

  double random_value() {
    switch (random_.below(4)) {
      case 0:
        return model::stale_marker();
      case 1:
        return std::bit_cast<double>(random_.next());
      default:
        return static_cast<double>(random_.below(3));
    }
  }

  void batch(bool commit) {
    NaiveStore copy = naive_;
    Appender appender = store_.appender(0);
    const std::uint64_t count = random_.below(40);
    for (std::uint64_t i = 0; i < count; ++i) {
      time_ += static_cast<std::int64_t>(random_.below(4));
      const Labels labels = random_labels();
      const bool late = random_.below(4) == 0;
      const std::int64_t time =
          late ? time_ - static_cast<std::int64_t>(random_.below(1500)) : time_;
      const model::Sample sample{time, random_value()};
      const bool replace = random_.below(3) == 0;
      const AppendOutcome want = copy.append(labels, sample, replace);
      const AppendOutcome got =
          replace ? *appender.put(labels, sample) : *appender.append(labels, sample);
      ASSERT_EQ(static_cast<int>(got), static_cast<int>(want)) << labels.to_string() << time;
    }
    if (commit) {
      appender.commit();
      naive_ = std::move(copy);
    }
  }

  model::Matchers random_matchers() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> kValues = {
        {"__name__", {"m0", "m1|m2", "m[12]", "m7", ""}},
        {"a", {"0", "1|3", "[0-2]", ".*", ""}},
        {"b", {"x0", "x1|x2", "x.", ".+", "", "x0|"}},
        {"c", {"", "1", ".*"}},
    };
    model::Matchers matchers;
    for (std::uint64_t count = random_.below(4); count > 0; --count) {
      const auto& [name, values] = kValues[random_.below(kValues.size())];
      matchers.push_back(*model::Matcher::make(static_cast<model::MatchKind>(random_.below(4)),
                                               name, values[random_.below(values.size())]));
    }
    return matchers;
  }

  void compare() {
    const std::int64_t from = random_.below(2) == 0 ? kMin : time_ - 700;
    const std::int64_t to = random_.below(2) == 0 ? kMax : time_ - 200;
    const Selection selection{random_matchers(), from, to};
    const Snapshot snapshot = store_.snapshot({&selection, 1});
    std::vector<Labels> want;
    for (const auto& [labels, samples] : naive_.series) {
      if (model::match_all(selection.matchers, labels)) {
        want.push_back(labels);
      }
    }
    ASSERT_EQ(snapshot.series(0).size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      const PinnedSeries& series = snapshot.series(0)[i];
      ASSERT_EQ(series.labels, want[i]);
      std::vector<model::Sample> got;
      series.samples->read(from, to, got);
      const auto& all = naive_.series[want[i]];
      auto expected = all.lower_bound(from);
      const auto end = all.upper_bound(to);
      for (const model::Sample& sample : got) {
        ASSERT_TRUE(expected != end);
        ASSERT_EQ(sample.time_ms, expected->first);
        ASSERT_EQ(bits(sample.value), bits(expected->second));
        ++expected;
      }
      ASSERT_TRUE(expected == end);
      const auto newest = series.samples->newest(from, to);
      ASSERT_EQ(newest.has_value(), !got.empty());
      if (newest) {
        ASSERT_EQ(newest->time_ms, got.back().time_ms);
        ASSERT_EQ(bits(newest->value), bits(got.back().value));
      }
    }
    ASSERT_EQ(store_.stats().series, naive_.series.size());
  }

  base::SeededRandom random_;
  Store store_{{.retention = std::chrono::milliseconds(1000)}};
  NaiveStore naive_;
  std::int64_t time_ = 100'000;
};

TEST(StoreModel, BehavesAsAMapOfMaps) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Twins twins(seed);
    for (int i = 0; i < 150 && !testing::Test::HasFatalFailure(); ++i) {
      twins.step();
    }
  }
}

}  // namespace
}  // namespace tocsin::series
