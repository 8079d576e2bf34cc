#include "sources/ingester.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tocsin::sources {
namespace {

constexpr std::int64_t kStart = 1'767'225'600'000;
constexpr std::int64_t kStep = 15'000;

model::Matcher named(const std::string& name) {
  return *model::Matcher::make(model::MatchKind::kEqual, "__name__", name);
}

/// A store with one target; polls lie 15 s apart.
struct Fixture {
  series::Store store{{}};
  Ingester ingester{store};
  TargetSpec spec;
  std::int64_t now = kStart;

  Fixture() {
    spec.pool = "api";
    spec.id = "api/x";
    spec.labels = model::Labels{{"job", "api"}, {"instance", "x:80"}};
  }
  void add() { ingester.add(1, spec, base::from_millis(now)); }

  Ingested poll(std::vector<RawSample> samples) {
    Batch batch;
    batch.up = true;
    batch.scraped = samples.size();
    batch.samples = std::move(samples);
    return give(std::move(batch));
  }
  Ingested fail(const std::string& why) {
    Batch batch;
    batch.error = why;
    return give(std::move(batch));
  }
  Ingested give(Batch batch) {
    now += kStep;
    batch.started = base::from_millis(now);
    batch.duration_seconds = 0.25;
    return ingester.ingest(1, batch);
  }

  /// Every sample of one series as text: "1 2 stale".
  std::string history(const model::Labels& labels) const {
    std::vector<model::Sample> samples;
    const series::Selection selection{{named(std::string(labels.metric_name()))}, 0, kStart * 2};
    const auto snapshot = store.snapshot(std::span(&selection, 1));
    for (const auto& series : snapshot.series(0)) {
      if (series.labels == labels) {
        series.samples->read(0, kStart * 2, samples);
      }
    }
    std::string text;
    for (const model::Sample& sample : samples) {
      text += text.empty() ? "" : " ";
      text += model::is_stale(sample.value) ? "stale" : std::to_string(std::lround(sample.value));
    }
    return text;
  }
  std::string history(const std::string& name) const {
    return history(model::Labels{{"__name__", name}, {"job", "api"}, {"instance", "x:80"}});
  }
};

RawSample raw(std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
              double value, std::optional<std::int64_t> time_ms = std::nullopt) {
  return {model::Labels(labels), value, time_ms, nullptr};
}

TEST(TargetLabels, MoveTheSamplesOwnAside) {
  const model::Labels target{{"job", "api"}, {"instance", "x:80"}};
  EXPECT_EQ(with_target_labels(raw({{"__name__", "a"}, {"job", "own"}}, 1), target, false),
            (model::Labels{
                {"__name__", "a"}, {"job", "api"}, {"exported_job", "own"}, {"instance", "x:80"}}));
  EXPECT_EQ(
      with_target_labels(raw({{"__name__", "a"}, {"job", "own"}, {"exported_job", "older"}}, 1),
                         target, false),
      (model::Labels{{"__name__", "a"},
                     {"job", "api"},
                     {"exported_job", "older"},
                     {"exported_exported_job", "own"},
                     {"instance", "x:80"}}));
}

TEST(TargetLabels, GiveWayWhenHonoured) {
  const model::Labels target{{"job", "api"}, {"instance", "x:80"}};
  RawSample sample = raw({{"__name__", "a"}, {"job", "own"}}, 1);
  EXPECT_EQ(with_target_labels(sample, target, true),
            (model::Labels{{"__name__", "a"}, {"job", "own"}, {"instance", "x:80"}}));
  sample.blank_labels = std::make_shared<const std::vector<std::string>>(1, "instance");
  EXPECT_EQ(with_target_labels(sample, target, true),
            (model::Labels{{"__name__", "a"}, {"job", "own"}}));
  EXPECT_EQ(with_target_labels(sample, target, false).get("instance"), "x:80");
}

TEST(LabelLimits, NameWhatIsTooMuch) {
  const model::Labels labels{{"__name__", "metric"}, {"a", "12345"}, {"longer_name", "1"}};
  TargetSpec spec;
  EXPECT_EQ(broken_label_limit(labels, spec), "");
  spec.label_limit = 2;
  EXPECT_EQ(broken_label_limit(labels, spec),
            "label_limit exceeded (metric: metric, number of labels: 3, limit: 2)");
  spec.label_limit = 3;
  spec.label_value_length_limit = 5;
  EXPECT_NE(broken_label_limit(labels, spec).find("label_value_length_limit"), std::string::npos);
  spec.label_value_length_limit = 6;
  spec.label_name_length_limit = 10;
  EXPECT_NE(broken_label_limit(labels, spec).find("longer_name"), std::string::npos);
  spec.label_name_length_limit = 11;
  EXPECT_EQ(broken_label_limit(labels, spec), "");
}

TEST(Ingester, WritesSamplesAndReport) {
  Fixture test;
  test.add();
  const Ingested first = test.poll({raw({{"__name__", "a"}}, 1), raw({{"__name__", "b"}}, 2)});
  EXPECT_TRUE(first.up);
  EXPECT_EQ(first.created.size(), 2U + 5U);
  EXPECT_EQ(first.stored, 7U);
  const Ingested second = test.poll({raw({{"__name__", "a"}}, 3), raw({{"__name__", "b"}}, 4)});
  EXPECT_TRUE(second.created.empty());
  EXPECT_EQ(test.history("a"), "1 3");
  EXPECT_EQ(test.history("up"), "1 1");
  EXPECT_EQ(test.history("scrape_samples_scraped"), "2 2");
  EXPECT_EQ(test.history("scrape_samples_post_metric_relabeling"), "2 2");
  EXPECT_EQ(test.history("scrape_series_added"), "2 0");
  const TargetStatus* status = test.ingester.status(1);
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(status->health, Health::kUp);
  EXPECT_EQ(status->last_duration_seconds, 0.25);
  EXPECT_EQ(status->last_scrape, base::from_millis(test.now));
}

TEST(Ingester, EndsSeriesThatVanish) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1), raw({{"__name__", "b"}}, 1)});
  test.poll({raw({{"__name__", "a"}}, 2)});
  test.poll({raw({{"__name__", "a"}}, 3)});
  test.poll({raw({{"__name__", "a"}}, 4), raw({{"__name__", "b"}}, 4)});
  EXPECT_EQ(test.history("a"), "1 2 3 4");
  EXPECT_EQ(test.history("b"), "1 stale 4");
}

TEST(Ingester, EndsEverythingAfterAFailedPoll) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1)});
  const Ingested failed = test.fail("connect: refused");
  EXPECT_FALSE(failed.up);
  EXPECT_EQ(failed.error, "connect: refused");
  test.fail("connect: refused");
  test.poll({raw({{"__name__", "a"}}, 2)});
  EXPECT_EQ(test.history("a"), "1 stale 2");
  EXPECT_EQ(test.history("up"), "1 0 0 1");
  EXPECT_EQ(test.history("scrape_samples_scraped"), "1 0 0 1");
}

TEST(Ingester, ReportsHowMuchOfAMalformedPageCouldBeRead) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1)});
  Batch malformed;
  malformed.error = "2:3: a label has no value";
  malformed.scraped = 7;
  EXPECT_FALSE(test.give(std::move(malformed)).up);
  EXPECT_EQ(test.history("up"), "1 0");
  EXPECT_EQ(test.history("scrape_samples_scraped"), "1 7");
  EXPECT_EQ(test.history("scrape_samples_post_metric_relabeling"), "1 7");
  EXPECT_EQ(test.history("scrape_series_added"), "1 0");
  EXPECT_EQ(test.history("a"), "1 stale");
}

TEST(Ingester, TellsWhyATargetIsDown) {
  Fixture test;
  test.add();
  EXPECT_EQ(test.ingester.status(1)->health, Health::kUnknown);
  test.fail("");
  EXPECT_EQ(test.ingester.status(1)->health, Health::kDown);
  EXPECT_NE(test.ingester.status(1)->last_error, "");
}

TEST(Ingester, FailsAWholePollThatBreaksALimit) {
  Fixture test;
  test.spec.sample_limit = 2;
  test.spec.label_value_length_limit = 10;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1)});
  const Ingested many = test.poll(
      {raw({{"__name__", "a"}}, 2), raw({{"__name__", "b"}}, 2), raw({{"__name__", "c"}}, 2)});
  EXPECT_FALSE(many.up);
  EXPECT_EQ(many.error, "sample limit exceeded: 3 samples, limit 2");
  const Ingested wide =
      test.poll({raw({{"__name__", "a"}}, 3), raw({{"__name__", "b"}, {"l", "12345678901"}}, 3)});
  EXPECT_FALSE(wide.up);
  test.poll({raw({{"__name__", "a"}}, 4), raw({{"__name__", "b"}}, 4)});
  EXPECT_EQ(test.history("a"), "1 stale 4");
  EXPECT_EQ(test.history("b"), "4");
  EXPECT_EQ(test.history("up"), "1 0 0 1");
  EXPECT_EQ(test.history("scrape_samples_scraped"), "1 3 2 2");
}

TEST(Ingester, RefusesASampleWithoutAName) {
  Fixture test;
  test.add();
  EXPECT_FALSE(test.poll({raw({{"a", "b"}}, 1)}).up);
}

TEST(Ingester, KeepsTimestampsOfTheirOwn) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1, kStart + 5)});
  test.poll({});
  EXPECT_EQ(test.history("a"), "1") << "no stale marker for samples with a time";
}

TEST(Ingester, OverridesTimestampsWhenToldSo) {
  Fixture test;
  test.spec.honor_timestamps = false;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1, 5)});
  test.poll({});
  EXPECT_EQ(test.history("a"), "1 stale");
}

TEST(Ingester, CountsWhatTheStoreRefuses) {
  Fixture test;
  test.add();
  const Ingested twice = test.poll({raw({{"__name__", "a"}}, 1), raw({{"__name__", "a"}}, 2)});
  EXPECT_TRUE(twice.up);
  EXPECT_EQ(twice.refused.duplicate, 1U);
  const Ingested old = test.poll({raw({{"__name__", "a"}}, 3, kStart - 5)});
  EXPECT_TRUE(old.up);
  EXPECT_EQ(old.refused.out_of_order, 1U);
  const Ingested ahead = test.poll({raw({{"__name__", "b"}}, 3, test.now + 3'600'000)});
  EXPECT_EQ(ahead.refused.out_of_bounds, 1U);
}

TEST(Ingester, CountsSeriesBeyondTheStoresLimit) {
  series::StoreOptions options;
  options.max_series = 6;
  series::Store store(options);
  Ingester ingester(store);
  TargetSpec spec;
  spec.labels = model::Labels{{"job", "api"}};
  ingester.add(1, spec, base::from_millis(kStart));
  Batch batch;
  batch.up = true;
  batch.started = base::from_millis(kStart);
  for (const std::string name : {"a", "b", "c", "d"}) {
    batch.samples.push_back(raw({{"__name__", name}}, 1));
  }
  const Ingested result = ingester.ingest(1, batch);
  EXPECT_TRUE(result.up);
  EXPECT_EQ(result.refused.series_limit, 3U);
}

TEST(Ingester, EndsTheSeriesOfARemovedTarget) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1)});
  // Even when the wall clock has stepped back.
  const Ingested ended = test.ingester.remove(1, base::from_millis(kStart - 1000));
  EXPECT_EQ(ended.stored, 6U);
  EXPECT_EQ(test.history("a"), "1 stale");
  EXPECT_EQ(test.history("up"), "1 stale");
  EXPECT_TRUE(test.ingester.statuses().empty());
  EXPECT_EQ(test.ingester.remove(1, base::from_millis(kStart)).stored, 0U);
}

TEST(Ingester, KeepsSeriesWhenOnlyLimitsChange) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}, {"l", "12345"}}, 1)});
  test.spec.label_value_length_limit = 4;
  test.add();
  EXPECT_FALSE(test.poll({raw({{"__name__", "a"}, {"l", "12345"}}, 2)}).up);
  test.spec.label_value_length_limit = 0;
  test.add();
  EXPECT_TRUE(test.poll({raw({{"__name__", "a"}, {"l", "12345"}}, 3)}).up);
  EXPECT_EQ(test.history("up"), "1 0 1");
}

TEST(Ingester, EndsSeriesWhenTheTargetsLabelsChange) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1)});
  test.spec.labels = model::Labels{{"job", "api"}, {"instance", "x:80"}, {"site", "seoul"}};
  test.now += kStep;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 2)});
  EXPECT_EQ(test.history("a"), "1 stale");
  EXPECT_EQ(test.history(model::Labels{
                {"__name__", "a"}, {"job", "api"}, {"instance", "x:80"}, {"site", "seoul"}}),
            "2");
}

TEST(Ingester, WritesASeriesAgainThatTheStoreHasDropped) {
  Fixture test;
  test.add();
  test.poll({raw({{"__name__", "a"}}, 1)});
  test.now += 3'600'000 * 5;
  test.store.expire(base::from_millis(test.now));
  const Ingested again = test.poll({raw({{"__name__", "a"}}, 2)});
  EXPECT_EQ(again.created.size(), 6U);
  EXPECT_EQ(test.history("a"), "2");
}

TEST(Ingester, ReportsNothingWhenToldSo) {
  Fixture test;
  test.spec.report_metrics = false;
  test.add();
  EXPECT_EQ(test.poll({raw({{"__name__", "a"}}, 1)}).stored, 1U);
}

TEST(Ingester, ForgetsNamesThatDoNotComeBack) {
  Fixture test;
  test.add();
  for (int poll = 0; poll < 100; ++poll) {
    const std::string request = std::to_string(poll);
    EXPECT_TRUE(test.poll({raw({{"__name__", "a"}, {"request", request}}, 1)}).up);
  }
  EXPECT_EQ(test.history(model::Labels{
                {"__name__", "a"}, {"request", "7"}, {"job", "api"}, {"instance", "x:80"}}),
            "1 stale");
}

TEST(Ingester, EndsATargetInTheTimesOfAClockThatWasSetBack) {
  Fixture fixture;
  fixture.add();
  fixture.poll({raw({{"__name__", "a"}}, 1)});
  const auto hour = std::chrono::hours(1);
  fixture.store.shift_times(-hour);
  fixture.ingester.times_shifted(-hour);
  fixture.now -= 3'600'000;
  fixture.ingester.remove(1, base::from_millis(fixture.now + 1));
  fixture.add();
  fixture.poll({raw({{"__name__", "a"}}, 2)});
  EXPECT_EQ(fixture.history("a"), "1 stale 2");
  EXPECT_EQ(fixture.history("up"), "1 stale 1");
}

}  // namespace
}  // namespace tocsin::sources
