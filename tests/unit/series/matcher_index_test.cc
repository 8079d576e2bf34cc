#include "series/matcher_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace tocsin::series {
namespace {

using model::Labels;
using model::Matcher;
using model::Matchers;
using model::MatchKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Matcher matcher(MatchKind kind, std::string name, std::string value) {
  return *Matcher::make(kind, std::move(name), std::move(value));
}
Matcher equal(std::string name, std::string value) {
  return matcher(MatchKind::kEqual, std::move(name), std::move(value));
}

TEST(MatcherIndex, FindsByValueRegexAndNeither) {
  MatcherIndex index;
  index.add(0, {equal("__name__", "x"), equal("a", "1")});
  index.add(1, {equal("__name__", "x")});
  index.add(2, {matcher(MatchKind::kRegex, "__name__", "x|y"), equal("b", "")});
  index.add(3, {matcher(MatchKind::kRegex, "a", "1.*")});
  index.add(4, {matcher(MatchKind::kNotEqual, "a", "1")});
  index.add(5, {matcher(MatchKind::kRegex, "a", "|2")});
  EXPECT_THAT(index.find({{"__name__", "x"}, {"a", "1"}}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(index.find({{"__name__", "x"}, {"b", "1"}}), ElementsAre(1, 4, 5));
  EXPECT_THAT(index.find({{"__name__", "y"}, {"a", "2"}}), ElementsAre(2, 4, 5));
  EXPECT_THAT(index.find({{"__name__", "z"}, {"a", "1"}}), ElementsAre(3));
  EXPECT_THAT(index.find({}), ElementsAre(4, 5));
}

TEST(MatcherIndex, AnIdWithSeveralListsIsFoundOnce) {
  MatcherIndex index;
  index.add(7, {equal("__name__", "x")});
  index.add(7, {equal("a", "1")});
  EXPECT_THAT(index.find({{"__name__", "x"}, {"a", "1"}}), ElementsAre(7));
  index.remove(7, {equal("__name__", "x")});
  EXPECT_THAT(index.find({{"__name__", "x"}, {"a", "1"}}), ElementsAre(7));
  index.remove(7, {equal("a", "1")});
  EXPECT_THAT(index.find({{"__name__", "x"}, {"a", "1"}}), IsEmpty());
}

TEST(MatcherIndex, FindsWhatAskingEachWouldFind) {
  base::SeededRandom random(1);
  const auto value = [&] { return std::to_string(random.below(4)); };
  for (int round = 0; round < 30; ++round) {
    MatcherIndex index;
    std::vector<Matchers> lists;
    for (MatcherIndex::Id id = 0; id < 60; ++id) {
      Matchers matchers;
      for (const char* name : {"__name__", "a", "b"}) {
        switch (random.below(6)) {
          case 0:
          case 1:
            matchers.push_back(equal(name, value()));
            break;
          case 2:
            matchers.push_back(matcher(MatchKind::kRegex, name, value() + "|" + value()));
            break;
          case 3:
            matchers.push_back(matcher(MatchKind::kNotRegex, name, value() + "|"));
            break;
          default:
            break;
        }
      }
      index.add(id, matchers);
      lists.push_back(std::move(matchers));
    }
    for (MatcherIndex::Id id = 0; id < lists.size(); id += 3) {
      index.remove(id, lists[id]);
    }
    for (int i = 0; i < 50; ++i) {
      const Labels labels{{"__name__", value()}, {random.below(2) == 0 ? "a" : "b", value()}};
      std::vector<MatcherIndex::Id> expected;
      for (MatcherIndex::Id id = 0; id < lists.size(); ++id) {
        if (id % 3 != 0 && model::match_all(lists[id], labels)) {
          expected.push_back(id);
        }
      }
      EXPECT_EQ(index.find(labels), expected) << labels.to_string();
    }
  }
}

}  // namespace
}  // namespace tocsin::series
