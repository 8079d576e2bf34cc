// Pages of text that are pushed: what they say, and how they get into the store.

#include "sources/text_push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sources/push_writer.h"

namespace tocsin::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr std::int64_t kNow = 1'767'225'600'000;

std::string text(const Pushed& pushed) {
  std::string all;
  for (const PushedSeries& series : pushed.series) {
    for (const model::Sample& sample : series.samples) {
      all += series.labels.to_string() + " " + std::to_string(static_cast<int>(sample.value));
      all += series.undated ? "\n" : "@" + std::to_string(sample.time_ms) + "\n";
    }
  }
  return all;
}

TEST(TextPush, AddsLabels) {
  const auto pushed =
      read_text_push("# TYPE a gauge\na{x=\"1\",job=\"own\"} 1\nb 2 1000\n",
                     exposition::Format::kText, {{"job", "backup"}, {"instance", "db1"}});
  ASSERT_TRUE(pushed);
  EXPECT_EQ(text(*pushed),
            "a{instance=\"db1\", job=\"backup\", x=\"1\"} 1\n"
            "b{instance=\"db1\", job=\"backup\"} 2@1000\n");
  EXPECT_EQ(pushed->families.size(), 1U);
  EXPECT_FALSE(read_text_push("a ?\n", exposition::Format::kText, {}));
  EXPECT_FALSE(read_text_push("a 1\n", exposition::Format::kText, {{"__name__", "b"}}));
  EXPECT_FALSE(read_text_push("a 1\n", exposition::Format::kText, {{"not a label", "b"}}));
  EXPECT_EQ(text(*read_text_push("a 1 2\n# EOF\n", exposition::Format::kOpenMetrics, {})),
            "a 1@2000\n");
}

class WrittenPushes : public ::testing::Test {
 protected:
  PushOutcome push(const std::string& body, std::int64_t now = kNow) {
    return write_pushed(store_, 7, *read_text_push(body, exposition::Format::kText, {}),
                        base::from_millis(now));
  }

  std::vector<std::pair<std::int64_t, double>> samples(const std::string& metric) const {
    const auto name = model::Matcher::make(model::MatchKind::kEqual, "__name__", metric);
    const series::Selection selection{{*name}, kNow - 3'600'000, kNow + 3'600'000};
    const series::Snapshot snapshot = store_.snapshot({&selection, 1});
    std::vector<model::Sample> read;
    for (const series::PinnedSeries& series : snapshot.series(0)) {
      series.samples->read(selection.min_time_ms, selection.max_time_ms, read);
    }
    std::vector<std::pair<std::int64_t, double>> all;
    for (const model::Sample& sample : read) {
      all.emplace_back(sample.time_ms - kNow, sample.value);
    }
    return all;
  }

  series::Store store_{{.durable = true}};
};

TEST_F(WrittenPushes, AreAsOfTheirArrival) {
  push("a 1\nb 2 " + std::to_string(kNow - 5) + "\n");
  push("a 3\n", kNow + 10);
  EXPECT_THAT(samples("a"), ElementsAre(Pair(0, 1), Pair(10, 3)));
  EXPECT_THAT(samples("b"), ElementsAre(Pair(-5, 2)));
}

TEST_F(WrittenPushes, WithinAMillisecondTakeEachOthersPlace) {
  for (int i = 0; i < 1000; ++i) {
    const PushOutcome outcome = push("a " + std::to_string(i) + "\nb 1\n");
    EXPECT_EQ(outcome.refusal, "");
    EXPECT_EQ(outcome.samples, 2U);
    EXPECT_EQ(outcome.ingested.stored, i == 0 ? 2U : 1U);
    EXPECT_EQ(outcome.touched.size(), i == 0 ? 2U : 1U) << "b is what it was";
  }
  EXPECT_THAT(samples("a"), ElementsAre(Pair(0, 999)));
  push("a 7\n", kNow + 1);
  EXPECT_THAT(samples("a"), ElementsAre(Pair(0, 999), Pair(1, 7)));
}

TEST_F(WrittenPushes, ThatSayTwoThingsAtOnceAreRefused) {
  push("a 0\n");
  const PushOutcome outcome = push("a 1\nb 1\nb 1\na 2\n");
  EXPECT_EQ(outcome.ingested.refused.duplicate, 1U);
  EXPECT_EQ(outcome.refusal, "duplicate sample for timestamp for series a");
  EXPECT_EQ(outcome.samples, 3U);
  EXPECT_THAT(samples("a"), ElementsAre(Pair(0, 1)));
}

TEST_F(WrittenPushes, BehindATimeThatWasStatedAreRefused) {
  push("a 1 " + std::to_string(kNow + 5) + "\n");
  EXPECT_EQ(push("a 2\n").ingested.refused.out_of_order, 1U);
  EXPECT_EQ(push("a 2\n", kNow + 6).ingested.refused.total(), 0U);
}

}  // namespace
}  // namespace tocsin::sources
