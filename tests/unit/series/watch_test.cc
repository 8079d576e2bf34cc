// Store::live(): what is kept up for those who ask again and again.

#include "series/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/histogram.h"
#include "series/store.h"

namespace tocsin::series {
namespace {

using model::Labels;
using model::Matcher;
using model::MatchKind;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kStart = 1'767'225'600'000;

Labels x(std::string_view instance) { return {{"__name__", "x"}, {"instance", instance}}; }

class Live : public ::testing::Test {
 protected:
  void write(const std::vector<Labels>& series, double value) {
    now_ += 5'000;
    Appender appender = store_.appender(1);
    for (const Labels& labels : series) {
      EXPECT_TRUE(appender.append(labels, {now_, value}).has_value());
    }
    appender.commit();
  }
  Selection selection(std::int64_t back_ms = 60'000) const {
    return {{*Matcher::make(MatchKind::kEqual, "__name__", "x")}, now_ - back_ms, now_};
  }
  Snapshot live(std::int64_t back_ms = 60'000) {
    const std::vector<Selection> selections{selection(back_ms)};
    const std::vector<base::Duration> keep{minutes(1)};
    return store_.live(selections, keep, watching_);
  }
  static std::vector<std::string> instances(const Snapshot& snapshot) {
    std::vector<std::string> list;
    for (const PinnedSeries& series : snapshot.series(0)) {
      list.emplace_back(series.labels.get("instance"));
    }
    return list;
  }
  static std::vector<double> values(const AtHand& near) {
    std::vector<double> list;
    for (const model::Sample& sample : near.samples) {
      list.push_back(sample.value);
    }
    return list;
  }

  Store store_{{.retention = minutes(10)}};
  std::int64_t now_ = kStart;
  Watching watching_;
};

TEST_F(Live, ListsAreKeptUpAsSeriesComeAndGo) {
  write({x("b")}, 1);
  const Snapshot first = live();
  EXPECT_THAT(instances(first), ElementsAre("b"));
  EXPECT_NE(first.version(0), 0U);
  write({x("b"), x("c"), x("a")}, 2);
  const Snapshot second = live();
  EXPECT_THAT(instances(second), ElementsAre("a", "b", "c"));
  EXPECT_NE(second.version(0), first.version(0));
  EXPECT_THAT(instances(first), ElementsAre("b")) << "a list that is held stays";
  write({x("a")}, 3);
  EXPECT_EQ(live().version(0), second.version(0)) << "nothing came or went";
  now_ += 9 * 60'000;
  write({x("c")}, 4);
  now_ += 3 * 60'000;
  store_.expire(base::from_millis(now_));
  EXPECT_THAT(instances(live()), ElementsAre("c"));
  write({x("a")}, 5);
  EXPECT_THAT(instances(live()), ElementsAre("a", "c")) << "it is back";
  EXPECT_EQ(store_.watch_stats().series, 2U);
}

TEST_F(Live, NewestSamplesLieAtHandAndKeepTheirNumbers) {
  write({x("a")}, 1);
  (void)live();
  write({x("a")}, 2);
  write({x("a")}, model::stale_marker());
  write({x("a")}, 3);
  const Snapshot snapshot = live();
  const auto near = snapshot.series(0)[0].samples->at_hand(now_ - 60'000, now_);
  ASSERT_TRUE(near.has_value());
  EXPECT_THAT(values(*near), ElementsAre(1, 2, 3)) << "without the marker";
  const auto later = snapshot.series(0)[0].samples->at_hand(now_ - 5'000, now_);
  ASSERT_TRUE(later.has_value());
  EXPECT_THAT(values(*later), ElementsAre(3));
  EXPECT_EQ(later->first, near->first + 2);
  for (int i = 0; i < 100; ++i) {
    write({x("a")}, 4 + i);
  }
  const auto moved = live().series(0)[0].samples->at_hand(now_ - 9'999, now_);
  ASSERT_TRUE(moved.has_value());
  EXPECT_THAT(values(*moved), ElementsAre(102, 103));
  EXPECT_EQ(moved->first, near->first + 3 + 98);
  EXPECT_FALSE(live().series(0)[0].samples->at_hand(now_ - 300'000, now_).has_value())
      << "so much is not kept";
  std::vector<model::Sample> read;
  live().series(0)[0].samples->read(now_ - 300'000, now_, read);
  EXPECT_EQ(read.size(), 61U) << "but it can be read";
}

TEST_F(Live, AReplacedSampleChangesTheNumbers) {
  write({x("a")}, 1);
  write({x("a")}, 2);
  const auto before = live().series(0)[0].samples->at_hand(now_ - 60'000, now_);
  ASSERT_TRUE(before.has_value());
  const std::uint64_t first = before->first;
  Appender appender = store_.appender(1);
  EXPECT_TRUE(appender.put(x("a"), {now_, 7}).has_value());
  appender.commit();
  const auto after = live().series(0)[0].samples->at_hand(now_ - 60'000, now_);
  ASSERT_TRUE(after.has_value());
  EXPECT_THAT(values(*after), ElementsAre(1, 7));
  EXPECT_GE(after->first, first + 2) << "no number says two things";
}

TEST_F(Live, TimesMoveWithTheClock) {
  write({x("a")}, 1);
  (void)live();
  store_.shift_times(-minutes(3));
  now_ -= 180'000;
  write({x("a")}, 2);
  const auto near = live().series(0)[0].samples->at_hand(now_ - 60'000, now_);
  ASSERT_TRUE(near.has_value());
  EXPECT_THAT(values(*near), ElementsAre(1, 2));
  EXPECT_EQ(near->samples[0].time_ms, now_ - 5'000);
}

TEST_F(Live, WithHistogramsOrPastTheRetentionItIsPinnedAsElsewhere) {
  write({x("a")}, 1);
  EXPECT_NE(live().version(0), 0U);
  EXPECT_EQ(live(3'600'000).version(0), live().version(0)) << "no retention has passed yet";
  store_.expire(base::from_millis(now_));
  EXPECT_EQ(live(3'600'000).version(0), 0U);
  EXPECT_NE(live().version(0), 0U);
  now_ += 5'000;
  Appender appender = store_.appender(1);
  EXPECT_TRUE(
      appender.append(x("h"), model::HistogramSample{now_, std::make_shared<model::Histogram>(), 0})
          .has_value());
  appender.commit();
  const Snapshot mixed = live();
  EXPECT_EQ(mixed.version(0), 0U);
  EXPECT_THAT(instances(mixed), ElementsAre("a", "h"));
  EXPECT_FALSE(mixed.series(0)[1].samples->floats_only());
}

TEST_F(Live, NothingIsKeptForThoseWhoAreGone) {
  write({x("a"), x("b")}, 1);
  (void)live();
  Watching other;
  const std::vector<Selection> selections{selection()};
  const std::vector<base::Duration> keep{minutes(5)};
  (void)store_.live(selections, keep, other);
  EXPECT_EQ(store_.watch_stats().watches, 1U) << "the same series";
  EXPECT_EQ(store_.watch_stats().series, 2U);
  EXPECT_GT(store_.watch_stats().bytes, 0U);
  watching_.clear();
  EXPECT_EQ(store_.watch_stats().series, 2U);
  other.clear();
  EXPECT_EQ(store_.watch_stats().watches, 0U);
  EXPECT_EQ(store_.watch_stats().series, 0U);
  EXPECT_EQ(store_.watch_stats().bytes, 0U);
  write({x("c")}, 2);
  EXPECT_THAT(instances(live()), ElementsAre("a", "b", "c"));
}

TEST_F(Live, AWatchMayOutliveItsStore) {
  auto store = std::make_unique<Store>(StoreOptions{});
  Watching watching;
  const std::vector<Selection> selections{selection()};
  const std::vector<base::Duration> keep{minutes(5)};
  EXPECT_EQ(store->live(selections, keep, watching).series(0).size(), 0U);
  store.reset();
  EXPECT_TRUE(watching[0]->list()->empty());
}

TEST(LiveBounds, WhatLiesAtHandHasALimit) {
  Store store({.retention = minutes(60), .max_watched_bytes = 10'000});
  Watching watching;
  std::int64_t now = kStart;
  for (int i = 0; i < 100; ++i) {
    now += 5'000;
    Appender appender = store.appender(1);
    for (int n = 0; n < 50; ++n) {
      EXPECT_TRUE(appender.append(x(std::to_string(n)), {now, 1.0 * i}).has_value());
    }
    appender.commit();
    const std::vector<Selection> selections{
        {{*Matcher::make(MatchKind::kEqual, "__name__", "x")}, now - 300'000, now}};
    const std::vector<base::Duration> keep{minutes(5)};
    const Snapshot snapshot = store.live(selections, keep, watching);
    ASSERT_EQ(snapshot.series(0).size(), 50U);
    EXPECT_LE(store.watch_stats().bytes, 10'000U);
    for (const PinnedSeries& series : snapshot.series(0)) {
      std::vector<model::Sample> samples;
      series.samples->read(now - 299'999, now, samples);
      EXPECT_EQ(samples.size(), static_cast<std::size_t>(std::min(i + 1, 60)));
      if (const auto near = series.samples->at_hand(now - 299'999, now)) {
        EXPECT_EQ(near->samples.size(), samples.size());
      }
    }
  }
}

}  // namespace
}  // namespace tocsin::series
