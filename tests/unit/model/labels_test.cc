#include "model/labels.h"

#include <gtest/gtest.h>

namespace tocsin::model {
namespace {

TEST(Labels, SortsDropsEmptyValuesAndKeepsTheLastOfEqualNames) {
  const Labels labels{{"b", "2"}, {"a", "1"}, {"c", ""}, {"b", "3"}};
  EXPECT_EQ(labels.to_string(), R"({a="1", b="3"})");
  EXPECT_EQ(labels.get("b"), "3");
  EXPECT_FALSE(labels.has("c"));
}

TEST(Labels, EqualContentIsEqualHoweverItWasMade) {
  const Labels a{{"x", "1"}, {"y", "2"}};
  const Labels b = LabelsBuilder().set("y", "2").set("x", "1").set("z", "9").remove("z").build();
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_NE(a, Labels({{"x", "1"}}));
}

TEST(Labels, OrderIsLabelByLabelThenLength) {
  EXPECT_LT(Labels({{"a", "1"}}), Labels({{"a", "1"}, {"b", "1"}}));
  EXPECT_LT(Labels({{"a", "1"}, {"b", "9"}}), Labels({{"a", "2"}}));
  EXPECT_LT(Labels(), Labels({{"a", "1"}}));
}

TEST(Labels, PrintsTheMetricNameInFront) {
  EXPECT_EQ(Labels({{"__name__", "up"}}).to_string(), "up");
  EXPECT_EQ(Labels({{"__name__", "up"}, {"job", "api"}}).to_string(), R"(up{job="api"})");
  EXPECT_EQ(Labels({{"__name__", "a.b"}, {"c d", "e\"f"}}).to_string(), R"({"a.b", "c d"="e\"f"})");
  EXPECT_EQ(Labels().to_string(), "{}");
}

TEST(Labels, TakesAHashThatIsKnownAlready) {
  const Labels a{{"x", "1"}, {"y", "2"}};
  const Labels b({a.begin(), a.end()}, a.hash());
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_TRUE(Labels(std::vector<Label>(), 7).empty());
}

TEST(Labels, CopiesShareAndOutliveEachOther) {
  Labels copy;
  {
    const Labels first{{"x", "a longer text than fits anywhere inside"}};
    copy = first;
    Labels moved = std::move(copy);
    copy = moved;
    copy = *&copy;
  }
  EXPECT_EQ(copy.get("x"), "a longer text than fits anywhere inside");
}

TEST(Symbol, CountsItsCopies) {
  const Symbol a("text");
  EXPECT_EQ(a.use_count(), 1);
  {
    Symbol b;
    b = a;
    EXPECT_EQ(a.use_count(), 2);
    EXPECT_EQ(a, b);
  }
  EXPECT_EQ(a.use_count(), 1);
  EXPECT_EQ(a, Symbol("text"));
  EXPECT_LT(Symbol(), a);
  EXPECT_EQ(Symbol("").use_count(), 0);
  EXPECT_EQ(Symbol("").view(), "");
}

TEST(LabelsBuilder, KeepsReplacesAndReads) {
  LabelsBuilder builder(Labels{{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const std::vector<std::string> kept{"a", "c"};
  builder.keep(kept).set("a", "9").set("c", "");
  EXPECT_EQ(builder.get("a"), "9");
  EXPECT_EQ(builder.build(), Labels({{"a", "9"}}));
}

TEST(Names, ClassicGrammar) {
  EXPECT_TRUE(is_legacy_metric_name("node:cpu:rate5m"));
  EXPECT_FALSE(is_legacy_label_name("node:cpu"));
  EXPECT_FALSE(is_legacy_label_name("9a"));
  EXPECT_FALSE(is_legacy_label_name(""));
  EXPECT_FALSE(is_legacy_metric_name("http.requests"));
}

}  // namespace
}  // namespace tocsin::model
