#include "app/query_span.h"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::WallTime kNow = base::from_millis(1'767'225'600'000);  // 2026-01-01T00:00:00Z

struct Case {
  QuerySpanText text;
  base::Duration start_ago;
  base::Duration end_ago;
  base::Duration step;
};

TEST(ParseQuerySpan, TakesWhatPeopleWrite) {
  const std::vector<Case> cases = {
      {{}, minutes(60), minutes(0), seconds(36)},
      {{.range = "1h", .start = "", .end = "", .step = ""}, minutes(60), minutes(0), seconds(36)},
      {{.range = "-1h..now/15s", .start = "", .end = "", .step = ""},
       minutes(60),
       minutes(0),
       seconds(15)},
      {{.range = "6h..1h/1m", .start = "", .end = "", .step = ""},
       minutes(360),
       minutes(60),
       minutes(1)},
      {{.range = "/5", .start = "", .end = "", .step = ""}, minutes(60), minutes(0), seconds(5)},
      {{.range = "..30m", .start = "", .end = "", .step = ""},
       minutes(90),
       minutes(30),
       seconds(36)},
      {{.range = "2025-12-31T23:00:00Z..2025-12-31T23:30:00Z", .start = "", .end = "", .step = ""},
       minutes(60),
       minutes(30),
       seconds(18)},
      {{.range = "1767225000..1767225300/1", .start = "", .end = "", .step = ""},
       seconds(600),
       seconds(300),
       seconds(1)},
      {{.range = "", .start = "10m", .end = "5m", .step = "30s"},
       minutes(10),
       minutes(5),
       seconds(30)},
      {{.range = "1h/15s", .start = "2h", .end = "", .step = ""},
       minutes(120),
       minutes(0),
       seconds(15)},
      {{.range = "10s", .start = "", .end = "", .step = ""}, seconds(10), seconds(0), seconds(1)},
  };
  for (const Case& test : cases) {
    const auto span = parse_query_span(test.text, kNow, 100);
    ASSERT_TRUE(span) << test.text.range;
    EXPECT_EQ(kNow - span->start, test.start_ago) << test.text.range;
    EXPECT_EQ(kNow - span->end, test.end_ago) << test.text.range;
    EXPECT_EQ(span->step, test.step) << test.text.range;
  }
}

TEST(ParseQuerySpan, RefusesNonsense) {
  for (const std::string range : {"x", "1h..x", "1h/x", "1h/0", "1h/-5", "now..1h", "1h..2h"}) {
    const auto span =
        parse_query_span({.range = range, .start = "", .end = "", .step = ""}, kNow, 100);
    EXPECT_FALSE(span) << range;
  }
}

}  // namespace
}  // namespace tocsin::app
