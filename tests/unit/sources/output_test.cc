#include "sources/system/output.h"

#include <gtest/gtest.h>

#include "system_samples.h"

namespace tocsin::sources::system {
namespace {

TEST(Output, SharesLabelsBetweenPolls) {
  Output out;
  out.begin();
  out.add("load", {{"cpu", "0"}}, 1);
  const auto first = out.take();
  out.begin();
  out.add("load", {{"cpu", "0"}}, 2);
  const auto second = out.take();
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first[0].labels.all().data(), second[0].labels.all().data());
  EXPECT_EQ(second[0].value, 2);
  EXPECT_EQ(second[0].time_ms, std::nullopt);
}

TEST(Output, TellsLabelSetsApart) {
  Output out;
  out.begin();
  out.add("a", {{"b", "c"}}, 1);
  out.add("a", {{"b", "d"}}, 2);
  out.add("a", 3);
  out.add("a", {{"b", ""}}, 4);
  EXPECT_EQ(by_text(out.take()),
            (std::map<std::string, double>{{R"(a{b="c"})", 1}, {R"(a{b="d"})", 2}, {"a", 4}}));
}

TEST(Output, ForgetsWhatIsNoLongerShown) {
  Output out;
  out.begin();
  out.add("gone", 1);
  out.take();
  for (int poll = 0; poll < 30; ++poll) {
    out.begin();
    out.add("there", 1);
    EXPECT_EQ(out.take().size(), 1U);
  }
  EXPECT_EQ(out.remembered(), 1U);
}

}  // namespace
}  // namespace tocsin::sources::system
