#include "series/store.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "series/log.h"

namespace tocsin::series {
namespace {

using model::Labels;
using model::Matcher;
using model::MatchKind;
using model::Sample;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Matcher matcher(MatchKind kind, std::string name, std::string value) {
  return *Matcher::make(kind, std::move(name), std::move(value));
}

std::vector<PinnedSeries> select(const Store& store, model::Matchers matchers) {
  const Selection selection{std::move(matchers), kMin, kMax};
  const Snapshot snapshot = store.snapshot({&selection, 1});
  return {snapshot.series(0).begin(), snapshot.series(0).end()};
}

std::vector<std::string> names(const std::vector<PinnedSeries>& list) {
  std::vector<std::string> texts;
  for (const PinnedSeries& series : list) {
    texts.push_back(series.labels.to_string());
  }
  return texts;
}

std::string text(const PinnedSeries& series, std::int64_t from = kMin, std::int64_t to = kMax) {
  std::vector<Sample> samples;
  series.samples->read(from, to, samples);
  const auto newest = series.samples->newest(from, to);
  EXPECT_EQ(newest.has_value(), !samples.empty());
  EXPECT_TRUE(!newest || newest->time_ms == samples.back().time_ms);
  std::string out;
  for (const Sample& sample : samples) {
    out +=
        (out.empty() ? "" : " ") + std::to_string(sample.time_ms) + "=" +
        (model::is_stale(sample.value) ? "stale" : std::to_string(static_cast<int>(sample.value)));
  }
  return out;
}

std::string samples_of(const Store& store, const std::string& name) {
  const auto list = select(store, {matcher(MatchKind::kEqual, "__name__", name)});
  return list.size() == 1 ? text(list[0]) : std::to_string(list.size()) + " series";
}

const Labels kUp{{"__name__", "up"}, {"job", "api"}};

TEST(Store, ShowsWhatWasCommittedAndNothingElse) {
  Store store({});
  Appender appender = store.appender(7);
  EXPECT_EQ(*appender.append(kUp, {1000, 1}), AppendOutcome::kStored);
  EXPECT_EQ(*appender.append(kUp, {2000, 2}), AppendOutcome::kStored);
  EXPECT_EQ(samples_of(store, "up"), "0 series");
  const CommitResult result = appender.commit();
  ASSERT_EQ(result.created.size(), 1U);
  EXPECT_EQ(result.created[0].labels, kUp);
  EXPECT_EQ(store.origin_of(result.created[0].ref), 7U);
  EXPECT_EQ(result.stored, 2U);
  EXPECT_EQ(samples_of(store, "up"), "1000=1 2000=2");
  const auto list = select(store, {});
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].origin, 7U);
  EXPECT_EQ(list[0].ref, result.created[0].ref);
}

TEST(Store, ForgetsAnAppenderThatIsDropped) {
  Store store({});
  store.appender(0).append(kUp, {1000, 1}).value();
  EXPECT_EQ(store.stats().series, 0U);
  EXPECT_EQ(samples_of(store, "up"), "0 series");

  Appender first = store.appender(0);
  first.append(kUp, {1000, 1}).value();
  first.commit();
  {
    Appender second = store.appender(0);
    second.append(kUp, {5000, 5}).value();
    second.put(kUp, {1000, 9}).value();
  }
  Appender third = store.appender(0);
  EXPECT_EQ(*third.append(kUp, {2000, 2}), AppendOutcome::kStored);
  third.commit();
  EXPECT_EQ(samples_of(store, "up"), "1000=1 2000=2");
}

TEST(Store, JudgesSamplesAgainstCommittedAndPendingOnes) {
  Store store({});
  for (const bool commit_between : {false, true}) {
    const Labels labels{{"__name__", commit_between ? "a" : "b"}};
    Appender appender = store.appender(0);
    EXPECT_EQ(*appender.append(labels, {1000, 1}), AppendOutcome::kStored);
    EXPECT_EQ(*appender.append(labels, {2000, 2}), AppendOutcome::kStored);
    if (commit_between) {
      appender.commit();
    }
    std::optional<Appender> next;
    if (commit_between) {
      next.emplace(store.appender(0));
    }
    Appender& current = commit_between ? *next : appender;
    EXPECT_EQ(*current.append(labels, {2000, 2}), AppendOutcome::kDuplicate);
    EXPECT_EQ(*current.append(labels, {2000, 3}), AppendOutcome::kConflict);
    EXPECT_EQ(*current.append(labels, {1500, 2}), AppendOutcome::kOutOfOrder);
    EXPECT_EQ(*current.append(labels, {1000, 1}), AppendOutcome::kOutOfOrder);
    EXPECT_EQ(current.commit().refused, 3U);
    EXPECT_EQ(samples_of(store, commit_between ? "a" : "b"), "1000=1 2000=2");
  }
  EXPECT_EQ(store.stats().refused_total, 6U);
}

TEST(Store, ComparesValuesBitByBit) {
  Store store({});
  Appender appender = store.appender(0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(*appender.append(kUp, {1, nan}), AppendOutcome::kStored);
  EXPECT_EQ(*appender.append(kUp, {1, nan}), AppendOutcome::kDuplicate);
  EXPECT_EQ(*appender.append(kUp, {1, model::stale_marker()}), AppendOutcome::kConflict);
  EXPECT_EQ(*appender.append(kUp, {2, 0.0}), AppendOutcome::kStored);
  EXPECT_EQ(*appender.append(kUp, {2, -0.0}), AppendOutcome::kConflict);
}

TEST(Store, PutReplacesWhereverTheSampleIs) {
  Store store({});
  Appender appender = store.appender(0);
  for (int i = 0; i < 300; ++i) {
    appender.append(kUp, {i * 10, 1}).value();
  }
  EXPECT_EQ(*appender.put(kUp, {50, 2}), AppendOutcome::kReplaced);
  EXPECT_EQ(*appender.put(kUp, {2990, 2}), AppendOutcome::kReplaced);
  appender.commit();
  Appender next = store.appender(0);
  EXPECT_EQ(*next.put(kUp, {60, 3}), AppendOutcome::kReplaced);
  EXPECT_EQ(*next.put(kUp, {60, 4}), AppendOutcome::kReplaced);
  EXPECT_EQ(*next.put(kUp, {60, 4}), AppendOutcome::kDuplicate);
  EXPECT_EQ(*next.put(kUp, {70, 1}), AppendOutcome::kDuplicate);
  EXPECT_EQ(*next.put(kUp, {2990, 5}), AppendOutcome::kReplaced);
  EXPECT_EQ(*next.put(kUp, {65, 1}), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(*next.put(kUp, {3000, 6}), AppendOutcome::kStored);
  EXPECT_EQ(*next.append(kUp, {3000, 6}), AppendOutcome::kDuplicate);
  EXPECT_EQ(next.commit().stored, 3U);
  const auto list = select(store, {});
  EXPECT_EQ(text(list[0], 40, 80), "40=1 50=2 60=4 70=1 80=1");
  EXPECT_EQ(text(list[0], 2980, 3000), "2980=1 2990=5 3000=6");
  EXPECT_EQ(store.stats().samples, 301U);
}

TEST(Store, ASnapshotStaysAsItWas) {
  Store store({});
  for (int i = 0; i < 200; ++i) {
    const auto before = select(store, {});
    Appender appender = store.appender(0);
    appender.append(kUp, {i, 1.0 * i}).value();
    appender.commit();
    const auto after = select(store, {});
    Appender again = store.appender(0);
    EXPECT_EQ(*again.put(kUp, {i, 1000}), AppendOutcome::kReplaced);
    again.commit();
    ASSERT_EQ(after.size(), 1U);
    EXPECT_EQ(text(after[0], i, kMax), std::to_string(i) + "=" + std::to_string(i));
    if (i > 0) {
      EXPECT_EQ(text(before[0], i - 1, kMax), std::to_string(i - 1) + "=1000");
    }
  }
}

TEST(Store, RefsNameSeriesUntilTheyAreDropped) {
  Store store({.retention = std::chrono::seconds(10)});
  Appender appender = store.appender(1);
  EXPECT_EQ(appender.find(kUp), std::nullopt);
  appender.append(kUp, {1000, 1}).value();
  const SeriesRef ref = appender.find(kUp).value();
  EXPECT_EQ(*appender.append(ref, {2000, 2}), AppendOutcome::kStored);
  appender.commit();
  Appender next = store.appender(2);
  EXPECT_EQ(next.find(kUp), ref);
  EXPECT_EQ(*next.append(ref, {3000, 3}), AppendOutcome::kStored);
  next.commit();
  EXPECT_EQ(samples_of(store, "up"), "1000=1 2000=2 3000=3");
  EXPECT_EQ(store.origin_of(ref), 1U);

  store.expire(base::from_millis(20'000));
  EXPECT_EQ(store.origin_of(ref), std::nullopt);
  Appender late = store.appender(2);
  EXPECT_EQ(late.append(ref, {21'000, 1}).error().code(), base::ErrorCode::kNotFound);
  late.append(kUp, {21'000, 1}).value();
  EXPECT_NE(late.find(kUp), ref);
  late.commit();
  EXPECT_EQ(samples_of(store, "up"), "21000=1");
}

TEST(Store, TakesAWholePollByRefs) {
  Store store({});
  Appender first = store.appender(1);
  ASSERT_TRUE(first.append(kUp, {1000, 1}));
  ASSERT_TRUE(first.append(Labels{{"__name__", "b"}}, {1000, 1}));
  const SeriesRef up = *first.find(kUp);
  const SeriesRef b = *first.find(Labels{{"__name__", "b"}});
  first.commit();

  Appender second = store.appender(1);
  const std::vector<RefSample> poll = {{up, {2000, 2}}, {b, {900, 2}},
                                       {up, {2000, 2}}, {up, {2000, 3}},
                                       {b, {2000, 4}},  {up ^ (SeriesRef{1} << 40), {2000, 1}}};
  std::vector<Refusal> refused;
  second.append_all(poll, refused);
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[0].index, 1U);
  EXPECT_EQ(refused[0].outcome, AppendOutcome::kOutOfOrder);
  EXPECT_EQ(refused[1].index, 3U);
  EXPECT_EQ(refused[1].outcome, AppendOutcome::kConflict);
  EXPECT_EQ(refused[2].index, 5U);
  EXPECT_EQ(refused[2].outcome, std::nullopt);
  EXPECT_EQ(samples_of(store, "up"), "1000=1");
  const CommitResult result = second.commit();
  EXPECT_EQ(result.stored, 2U);
  EXPECT_EQ(result.refused, 2U);
  EXPECT_EQ(samples_of(store, "up"), "1000=1 2000=2");
  EXPECT_EQ(samples_of(store, "b"), "1000=1 2000=4");
}

TEST(Store, RefusesSeriesBeyondTheLimit) {
  Store store({.max_series = 2});
  Appender appender = store.appender(1);
  appender.append(Labels{{"a", "1"}}, {1, 1}).value();
  appender.append(Labels{{"a", "2"}}, {1, 1}).value();
  EXPECT_EQ(appender.append(Labels{{"a", "3"}}, {1, 1}).error().code(),
            base::ErrorCode::kLimitExceeded);
  EXPECT_EQ(appender.put(Labels{{"a", "3"}}, {1, 1}).error().code(),
            base::ErrorCode::kLimitExceeded);
  EXPECT_EQ(*appender.append(Labels{{"a", "2"}}, {2, 1}), AppendOutcome::kStored);
  EXPECT_EQ(appender.commit().refused, 2U);
  Appender next = store.appender(1);
  EXPECT_FALSE(next.append(Labels{{"a", "3"}}, {1, 1}));
  EXPECT_EQ(*next.append(Labels{{"a", "1"}}, {2, 1}), AppendOutcome::kStored);
}

TEST(Store, ExpiresSamplesSeriesAndSymbols) {
  Store store({.retention = std::chrono::seconds(100)});
  const std::size_t empty_bytes = store.stats().bytes;
  Appender appender = store.appender(0);
  // Made anew each time: symbols stay for as long as anybody holds them.
  const auto old = [] { return Labels{{"__name__", "old_metric_name_of_some_length"}}; };
  const auto up = [] { return Labels{{"__name__", "up"}, {"job", "x"}}; };
  for (int i = 0; i < 1000; ++i) {
    appender.append(up(), {i * 1000, 1}).value();
  }
  appender.append(old(), {500'000, 1}).value();
  appender.commit();
  const std::size_t full_bytes = store.stats().bytes;

  store.expire(base::from_millis(1'000'000));
  EXPECT_EQ(store.stats().series, 1U);
  EXPECT_EQ(store.stats().dropped_total, 1U);
  EXPECT_LT(store.stats().samples, 240U);
  EXPECT_LT(store.stats().bytes, full_bytes);
  auto list = select(store, {});
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(text(list[0], kMin, 901'000), "900000=1 901000=1");
  list.clear();  // a reader's copies would keep symbols alive

  Appender next = store.appender(0);
  EXPECT_EQ(*next.append(old(), {899'999, 1}), AppendOutcome::kTooOld);
  EXPECT_EQ(*next.put(up(), {899'000, 1}), AppendOutcome::kTooOld);
  next.commit();
  EXPECT_EQ(store.stats().series, 1U);

  store.set_retention(std::chrono::seconds(1));
  EXPECT_EQ(store.retention(), std::chrono::seconds(1));
  store.expire(base::from_millis(2'000'000));
  EXPECT_EQ(store.stats().series, 0U);
  EXPECT_EQ(store.stats().samples, 0U);
  EXPECT_EQ(store.stats().bytes, empty_bytes);
}

TEST(Store, AnExplosionOfSeriesLeavesRoomForWhatRulesWrite) {
  Store store({.max_series = 2, .series_of_rules = 3});
  const auto one = [](int i) { return Labels{{"__name__", "m"}, {"i", std::to_string(i)}}; };
  Appender target = store.appender(7);
  EXPECT_TRUE(target.append(one(1), {1000, 1}));
  EXPECT_TRUE(target.append(one(2), {1000, 1}));
  EXPECT_FALSE(target.append(one(3), {1000, 1}));
  target.commit();
  Appender rules = store.appender(0);
  for (int i = 11; i < 14; ++i) {
    EXPECT_TRUE(rules.put(one(i), {1000, 1}));
  }
  EXPECT_FALSE(rules.put(one(14), {1000, 1})) << "within bounds";
  rules.commit();
  Appender again = store.appender(7);
  EXPECT_FALSE(again.append(one(3), {2000, 1}));
}

TEST(Store, MovesItsTimesWithTheWallClock) {
  Store store({.retention = std::chrono::hours(1)});
  Appender first = store.appender(0);
  for (int i = 1; i <= 40; ++i) {
    first.append(kUp, {i * 1000, static_cast<double>(i)}).value();
  }
  first.commit();
  const auto before = select(store, {});

  store.shift_times(-std::chrono::seconds(30));
  const auto moved = select(store, {matcher(MatchKind::kEqual, "__name__", "up")});
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(text(moved[0], 8000, 10'000), "8000=38 9000=39 10000=40");
  EXPECT_EQ(text(moved[0], -29'000, -28'000), "-29000=1 -28000=2") << "of a sealed chunk";
  EXPECT_EQ(text(moved[0]).substr(0, 8), "-29000=1");
  EXPECT_EQ(text(before[0], 39'000, 40'000), "39000=39 40000=40") << "pinned before the step";

  Appender second = store.appender(0);
  EXPECT_EQ(*second.append(kUp, {11'000, 41}), AppendOutcome::kStored);
  EXPECT_EQ(*second.append(kUp, {10'000, 41}), AppendOutcome::kOutOfOrder);
  EXPECT_EQ(*second.put(kUp, {10'000, 7}), AppendOutcome::kReplaced);
  second.commit();
  const Selection late{{}, 9000, 20'000};
  const Snapshot snapshot = store.snapshot({&late, 1});
  EXPECT_EQ(text(snapshot.series(0)[0], 9000, 20'000), "9000=39 10000=7 11000=41");

  store.expire(base::from_millis(3'609'500));
  EXPECT_EQ(text(select(store, {})[0]), "10000=7 11000=41") << "retention counts in moved times";
  store.shift_times(std::chrono::seconds(100));
  EXPECT_EQ(text(select(store, {})[0]), "110000=7 111000=41");
}

TEST(Store, KeepsASeriesThatAnAppenderIsWritingTo) {
  Store store({.retention = std::chrono::seconds(1)});
  Appender first = store.appender(0);
  first.append(kUp, {1000, 1}).value();
  first.commit();
  Appender second = store.appender(0);
  second.append(kUp, {50'000, 2}).value();
  store.expire(base::from_millis(50'000));
  second.commit();
  EXPECT_EQ(samples_of(store, "up"), "50000=2");
}

TEST(Store, KeepsStaleMarkersAsSamples) {
  Store store({});
  Appender appender = store.appender(0);
  appender.append(kUp, {1000, 1}).value();
  appender.append(kUp, {2000, model::stale_marker()}).value();
  appender.commit();
  EXPECT_EQ(samples_of(store, "up"), "1000=1 2000=stale");
}

struct SelectCase {
  std::string what;
  model::Matchers matchers;
  std::vector<std::string> want;
};

TEST(Store, FindsSeriesByMatchersSortedByLabels) {
  Store store({});
  Appender appender = store.appender(0);
  for (const char* instance : {"c", "a", "b"}) {
    appender.append(Labels{{"__name__", "up"}, {"instance", instance}}, {1, 1}).value();
  }
  appender.append(Labels{{"__name__", "down"}, {"job", "x"}}, {1, 1}).value();
  appender.commit();
  using enum MatchKind;
  const std::string a = R"(up{instance="a"})";
  const std::string b = R"(up{instance="b"})";
  const std::string c = R"(up{instance="c"})";
  const std::string down = R"(down{job="x"})";
  const std::vector<SelectCase> cases = {
      {"everything", {}, {down, a, b, c}},
      {"equal", {matcher(kEqual, "__name__", "up")}, {a, b, c}},
      {"two", {matcher(kEqual, "__name__", "up"), matcher(kEqual, "instance", "b")}, {b}},
      {"no such value", {matcher(kEqual, "__name__", "gone")}, {}},
      {"no such name", {matcher(kEqual, "gone", "x")}, {}},
      {"nothing in common", {matcher(kEqual, "__name__", "up"), matcher(kEqual, "job", "x")}, {}},
      {"missing", {matcher(kEqual, "job", "")}, {a, b, c}},
      {"present", {matcher(kNotEqual, "job", "")}, {down}},
      {"not equal", {matcher(kNotEqual, "instance", "a")}, {down, b, c}},
      {"literals", {matcher(kRegex, "instance", "c|a|zz|c")}, {a, c}},
      {"regex", {matcher(kRegex, "instance", "[ab]")}, {a, b}},
      {"regex after equal",
       {matcher(kRegex, "instance", "[ab]"), matcher(kEqual, "__name__", "up")},
       {a, b}},
      {"regex that takes nothing too", {matcher(kRegex, "instance", "a?")}, {down, a}},
      {"regex for anything", {matcher(kRegex, "instance", ".*")}, {down, a, b, c}},
      {"regex for something", {matcher(kRegex, "instance", ".+")}, {a, b, c}},
      {"not regex", {matcher(kNotRegex, "instance", "a|b")}, {down, c}},
      {"not anything", {matcher(kNotRegex, "instance", ".+")}, {down}},
  };
  for (const SelectCase& one : cases) {
    EXPECT_EQ(names(select(store, one.matchers)), one.want) << one.what;
    EXPECT_EQ(names(select(store, one.matchers)), one.want) << one.what << ", remembered";
  }
  Appender more = store.appender(0);
  more.append(Labels{{"__name__", "up"}, {"instance", "aa"}}, {1, 1}).value();
  more.commit();
  EXPECT_EQ(select(store, cases[1].matchers).size(), 4U) << "a new series must be found";
}

TEST(Store, ALogThatNobodyTakesLosesItsOldestSamples) {
  Store store({.durable = true, .max_log_samples = 100});
  for (int i = 0; i < 1000; ++i) {
    Appender appender = store.appender(0);
    appender.append(kUp, {1000 * i, 1.0 * i}).value();
    appender.commit();
  }
  const LogBatch log = store.take_log();
  EXPECT_EQ(log.definitions.size(), 1U) << "names stay: what comes later refers to them";
  EXPECT_LE(log.samples.size(), 100U);
  EXPECT_GE(log.samples.size(), 50U);
  EXPECT_EQ(log.samples.back().sample.time_ms, 999'000);
  EXPECT_EQ(store.stats().unlogged_total + log.samples.size(), 1000U);
}

TEST(Store, AnswersEachSelectionInItsPlace) {
  Store store({});
  Appender appender = store.appender(0);
  appender.append(kUp, {1000, 1}).value();
  appender.append(kUp, {2000, 2}).value();
  appender.commit();
  const std::vector<Selection> selections = {
      {{matcher(MatchKind::kEqual, "__name__", "gone")}, 0, 5000},
      {{matcher(MatchKind::kEqual, "__name__", "up")}, 1500, 5000},
  };
  const Snapshot snapshot = store.snapshot(selections);
  ASSERT_EQ(snapshot.selections(), 2U);
  EXPECT_TRUE(snapshot.series(0).empty());
  ASSERT_EQ(snapshot.series(1).size(), 1U);
  EXPECT_EQ(text(snapshot.series(1)[0], 1500, 5000), "2000=2");
}

}  // namespace
}  // namespace tocsin::series
