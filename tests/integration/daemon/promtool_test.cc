// Prometheus' own command-line client against tocsin: it says what it says of a Prometheus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "integration/daemon/query_rig.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

class Promtool : public ::testing::Test {
 protected:
  void SetUp() override {
    rig_.start(R"(# TYPE shop_orders_total counter
shop_orders_total{region="seoul"} 42
shop_orders_total{region="busan"} 0.1
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.5"} 1
lat_seconds_bucket{le="+Inf"} 2
lat_seconds_sum 0.3
lat_seconds_count 2
nan NaN
)");
    const auto now = std::chrono::system_clock::now() + std::chrono::seconds(1);
    now_ = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  }
  static std::string url(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

  /// Runs `promtool query KIND FLAGS… SERVER REST…` on both; what they print has to be the same.
  Finished both(const std::vector<std::string>& flags, const std::vector<std::string>& rest = {}) {
    const auto run = [&](std::uint16_t port) {
      std::vector<std::string> arguments = {"query"};
      arguments.insert(arguments.end(), flags.begin(), flags.end());
      arguments.push_back(url(port));
      arguments.insert(arguments.end(), rest.begin(), rest.end());
      return QueryRig::promtool(arguments);
    };
    const Finished theirs = run(rig_.prometheus_port());
    Finished ours = run(rig_.tocsin().port());
    EXPECT_EQ(ours.exit_code, theirs.exit_code) << ours.output;
    EXPECT_EQ(ours.output, theirs.output);
    return ours;
  }
  std::string time(int offset = 0) const { return std::to_string(now_ + offset); }

  QueryRig rig_;
  std::int64_t now_ = 0;
};

TEST_F(Promtool, InstantQueries) {
  for (const std::string expression :
       {"up", "shop_orders_total", "1 + 1", "nan", "sum by (le) (lat_seconds_bucket)",
        "histogram_quantile(0.5, lat_seconds_bucket)", "nope", "time()"}) {
    for (const std::string format : {"promql", "json"}) {
      const Finished ran =
          both({"instant", "--format=" + format, "--time=" + time()}, {expression});
      EXPECT_EQ(ran.exit_code, 0) << expression;
    }
  }
  // promtool 2.42 does not know strings.
  EXPECT_EQ(both({"instant", "--time=" + time()}, {"\"text\""}).exit_code, 1);
  const Finished bad = both({"instant"}, {"sum("});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output, HasSubstr("unclosed left parenthesis"));
}

TEST_F(Promtool, RangeQueries) {
  for (const std::string expression : {"up", "shop_orders_total", "vector(1)", "time()", "nope"}) {
    for (const std::string format : {"promql", "json"}) {
      const Finished ran = both(
          {"range", "--format=" + format, "--start=" + time(), "--end=" + time(2), "--step=500ms"},
          {expression});
      EXPECT_EQ(ran.exit_code, 0) << expression;
    }
  }
  const Finished many = both({"range", "--start=0", "--end=11001", "--step=1s"}, {"up"});
  EXPECT_EQ(many.exit_code, 1);
  EXPECT_THAT(many.output, HasSubstr("exceeded maximum resolution of 11,000 points"));
}

TEST_F(Promtool, SeriesAndLabels) {
  EXPECT_EQ(both({"series", "--match=up", "--match={region=\"seoul\"}"}).exit_code, 0);
  EXPECT_EQ(both({"series", "--match=nope"}).exit_code, 0);
  EXPECT_EQ(both({"series", "--match=sum(up)"}).exit_code, 1);
  EXPECT_EQ(both({"labels"}, {"region"}).exit_code, 0);
  EXPECT_EQ(both({"labels", "--match=up"}, {"job"}).exit_code, 0);
  EXPECT_EQ(both({"labels"}, {"nope"}).exit_code, 0);
  EXPECT_EQ(both({"series", "--match=up", "--start=" + time(-60), "--end=" + time()}).exit_code, 0);
}

}  // namespace
}  // namespace tocsin::testing
