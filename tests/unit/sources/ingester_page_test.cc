// Scraped pages on their way into the store.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "exposition/page_layout.h"
#include "sources/ingester.h"

namespace tocsin::sources {
namespace {

constexpr std::int64_t kStart = 1'767'225'600'000;
constexpr std::int64_t kStep = 15'000;

/// A store with one scraped target; polls lie 15 s apart.
struct Fixture {
  explicit Fixture(series::StoreOptions options = {}) : store(options) {
    spec.pool = "api";
    spec.id = "api/x";
    spec.labels = model::Labels{{"job", "api"}, {"instance", "x:80"}};
    spec.report_metrics = false;
    ingester.add(1, spec, base::from_millis(now));
  }

  Ingested poll(std::string body) {
    Batch batch;
    batch.page.emplace();
    batch.page->layout = layout;
    batch.page->body = std::move(body);
    const base::Status read =
        layout->read(batch.page->body, exposition::Format::kText, batch.page->samples);
    batch.up = read.has_value();
    if (!read) {
      batch.page.reset();
      batch.error = read.error().to_string();
    }
    return give(std::move(batch));
  }
  Ingested give(Batch batch) {
    now += kStep;
    batch.started = base::from_millis(now);
    batch.scraped = batch.size();
    return ingester.ingest(1, batch);
  }

  /// Every series by its labels less those of the target: "1 2 stale".
  std::map<std::string, std::string> all() const {
    const auto any = *model::Matcher::make(model::MatchKind::kNotEqual, "__name__", "");
    const series::Selection selection{{any}, 0, kStart * 2};
    const auto snapshot = store.snapshot(std::span(&selection, 1));
    std::map<std::string, std::string> result;
    for (const auto& one : snapshot.series(0)) {
      std::vector<model::Sample> samples;
      one.samples->read(0, kStart * 2, samples);
      std::string text;
      for (const model::Sample& sample : samples) {
        text += text.empty() ? "" : " ";
        text += model::is_stale(sample.value) ? "stale" : std::to_string(std::lround(sample.value));
      }
      model::LabelsBuilder labels(one.labels);
      labels.remove("job").remove("instance");
      result[labels.build().to_string()] = text;
    }
    return result;
  }

  series::Store store;
  Ingester ingester{store};
  TargetSpec spec;
  std::shared_ptr<exposition::PageLayout> layout = std::make_shared<exposition::PageLayout>();
  std::int64_t now = kStart;
};

using Stored = std::map<std::string, std::string>;

TEST(IngestedPages, WriteAndEndSeries) {
  Fixture test;
  EXPECT_EQ(test.poll("a 1\nb{x=\"1\"} 1\n").created.size(), 2U);
  EXPECT_TRUE(test.poll("a 2\nb{x=\"1\"} 2\n").created.empty());
  test.poll("b{x=\"1\"} 3\na 3\n");
  test.poll("b{x=\"1\"} 4\n");
  test.poll("b{x=\"1\"} 5\nc 5\n");
  test.poll("a 6\nb{x=\"1\"} 6\nc 6\n");
  EXPECT_EQ(test.all(),
            (Stored{{"a", "1 2 3 stale 6"}, {"b{x=\"1\"}", "1 2 3 4 5 6"}, {"c", "5 6"}}));
  EXPECT_EQ(test.ingester.status(1)->samples_added, 3U);
  EXPECT_EQ(test.ingester.status(1)->series_added, 0U);
}

TEST(IngestedPages, OutliveABrokenPage) {
  Fixture test;
  test.poll("a 1\nb 1\n");
  EXPECT_FALSE(test.poll("a 2\nb ?\n").up);
  test.poll("b 3\na 3\n");
  EXPECT_EQ(test.all(), (Stored{{"a", "1 stale 3"}, {"b", "1 stale 3"}}));
}

TEST(IngestedPages, GoOnWithAnotherLayout) {
  Fixture test;
  test.poll("a 1\nb 1\nc 1\n");
  test.layout = std::make_shared<exposition::PageLayout>();
  EXPECT_TRUE(test.poll("c 2\na 2\n").created.empty());
  EXPECT_EQ(test.all(), (Stored{{"a", "1 2"}, {"b", "1 stale"}, {"c", "1 2"}}));
}

TEST(IngestedPages, NoticeAPageThatTheyDidNotGet) {
  Fixture test;
  test.poll("a 1\nb 1\n");
  exposition::PageSamples lost;
  ASSERT_TRUE(test.layout->read("c 1\nb 1\nd 1\n", exposition::Format::kText, lost));
  test.poll("d 2\nc 2\nb 2\n");
  EXPECT_EQ(test.all(), (Stored{{"a", "1 stale"}, {"b", "1 2"}, {"c", "2"}, {"d", "2"}}));
}

TEST(IngestedPages, NameOneSeriesInTwoWays) {
  Fixture test;
  test.poll("a{x=\"1\",y=\"2\"} 1\n");
  const Ingested other = test.poll("a{y=\"2\",x=\"1\"} 2\n");
  EXPECT_EQ(other.refused.total(), 0U);
  test.poll("a{x=\"1\",y=\"2\"} 3\n");
  EXPECT_EQ(test.all(), (Stored{{"a{x=\"1\", y=\"2\"}", "1 2 3"}}));
}

TEST(IngestedPages, CountWhatTheStoreRefuses) {
  Fixture test;
  EXPECT_EQ(test.poll("a 1\na 2\n").refused.duplicate, 1U);
  EXPECT_EQ(test.poll("a 1 " + std::to_string(kStart - 5) + "\n").refused.out_of_order, 1U);
  EXPECT_EQ(test.poll("b 1 " + std::to_string(kStart * 2) + "\n").refused.out_of_bounds, 1U);
  test.store.expire(base::from_millis(test.now));
  EXPECT_EQ(test.poll("c 1 5\n").refused.out_of_bounds, 1U);
  const RefusedSamples& all = test.ingester.status(1)->refused;
  EXPECT_EQ(all.duplicate, 1U);
  EXPECT_EQ(all.out_of_order, 1U);
  EXPECT_EQ(all.out_of_bounds, 2U);
}

TEST(IngestedPages, StateTimesForSomeSamples) {
  Fixture test;
  test.poll("a 1\nb 1 " + std::to_string(kStart) + "\nc 1\n");
  test.poll("c 2\n");
  EXPECT_EQ(test.all(), (Stored{{"a", "1 stale"}, {"b", "1"}, {"c", "1 2"}}));
}

TEST(IngestedPages, EndWhatHasATimeOfItsOwnFromNowOn) {
  Fixture test;
  const auto at = [&](std::int64_t offset) { return std::to_string(test.now + kStep + offset); };
  test.poll("a 1\nb 1\nc 1\nd 1\n");
  // As in Prometheus: unless the time is that of the poll or later, the sample is not the newest.
  test.poll("a 2 " + at(-5) + "\nb 2 " + at(0) + "\nc 2 " + at(5) + "\nd 2\n");
  test.poll("a 3 " + at(-5) + "\nd 3\n");
  EXPECT_EQ(test.all(), (Stored{{"a", "1 2 stale 3"}, {"b", "1 2"}, {"c", "1 2"}, {"d", "1 2 3"}}));
  test.poll("a 4\nd 4\n");
  test.poll("d 5\n");
  EXPECT_EQ(test.all().at("a"), "1 2 stale 3 4 stale");
  EXPECT_EQ(test.all().at("d"), "1 2 3 4 5");
}

TEST(IngestedPages, ShowASeriesWithAndWithoutATime) {
  Fixture test;
  const auto past = [&] { return std::to_string(test.now + kStep - 5); };
  test.poll("a 1\n");
  test.poll("a 2 " + past() + "\na 3\n");
  test.poll("a 4\na 5 " + past() + "\n");
  EXPECT_EQ(test.all(), (Stored{{"a", "1 2 3 4"}}));
  test.poll("b 1\n");
  EXPECT_EQ(test.all().at("a"), "1 2 3 4 stale");
}

TEST(IngestedPages, BreakLabelLimitsAsAWhole) {
  Fixture test;
  test.spec.label_value_length_limit = 8;
  test.ingester.add(1, test.spec, base::from_millis(test.now));
  test.poll("a 1\n");
  const Ingested wide = test.poll("a 2\nb{x=\"123456789\"} 2\n");
  EXPECT_FALSE(wide.up);
  EXPECT_NE(wide.error.find("label_value_length_limit"), std::string::npos);
  EXPECT_TRUE(test.poll("a 3\nb{x=\"1\"} 3\n").up);
  EXPECT_EQ(test.all(), (Stored{{"a", "1 stale 3"}, {"b{x=\"1\"}", "3"}}));
}

TEST(IngestedPages, OfASeriesExplosionFillTheStoreAndNotMore) {
  Fixture test({.max_series = 100});
  std::size_t refused = 0;
  for (int page = 0; page < 50; ++page) {
    std::string body = "steady " + std::to_string(page) + "\n";
    for (int i = 0; i < 50; ++i) {
      body += "a{request=\"" + std::to_string(page * 50 + i) + "\"} 1\n";
    }
    const Ingested done = test.poll(body);
    EXPECT_TRUE(done.up);
    refused += done.refused.series_limit;
  }
  EXPECT_EQ(test.store.stats().series, 100U);
  EXPECT_EQ(refused, 50U * 50U - 99U);
  EXPECT_EQ(test.all().at("steady").substr(0, 8), "0 1 2 3 ");
  EXPECT_EQ(test.all().at("steady").find("stale"), std::string::npos);
  EXPECT_LT(test.layout->series_end(), 3'000U);
}

TEST(IngestedPages, FollowASourceThatGivesSamples) {
  Fixture test;
  test.poll("a 1\nb 1\n");
  Batch batch;
  batch.up = true;
  batch.samples.push_back({model::Labels{{"__name__", "a"}}, 2, std::nullopt, nullptr});
  test.give(std::move(batch));
  EXPECT_EQ(test.all(), (Stored{{"a", "1 2"}, {"b", "1 stale"}}));
}

TEST(IngestedPages, WriteASeriesAgainThatTheStoreHasDropped) {
  Fixture test;
  test.poll("a 1\n");
  test.now += 3'600'000 * 5;
  test.store.expire(base::from_millis(test.now));
  EXPECT_EQ(test.poll("a 2\nb 2\n").created.size(), 2U);
  test.poll("a 3\nb 3\n");
  EXPECT_EQ(test.all(), (Stored{{"a", "2 3"}, {"b", "2 3"}}));
}

}  // namespace
}  // namespace tocsin::sources
