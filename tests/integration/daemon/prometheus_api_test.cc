// The HTTP API held against a real Prometheus, byte for byte: both scrape the same page, both get
// the same requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "integration/daemon/query_rig.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kPage =
    R"(# HELP shop_orders_total Orders "taken" by\nthe shop, <b>all</b> & more.
# TYPE shop_orders_total counter
shop_orders_total{region="seoul",kind="a<b>&c"} 42
shop_orders_total{region="busan",kind="b\"q\"\\"} 1e21
# TYPE tiny gauge
tiny 1.5e-7
negative -0.000001
big 123456789012345680000
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.5"} 1
lat_seconds_bucket{le="+Inf"} 2
lat_seconds_sum 0.3
lat_seconds_count 2
nan NaN
inf -Inf
hangul{name="주문"} 0.1
)";

/// A request and, where the newest Prometheus or tocsin answers otherwise than 2.42, what it says.
struct Case {
  ApiRequest request;
  std::string otherwise;  ///< the answer's body; empty: as Prometheus 2.42
  int status = 0;         ///< with `otherwise`
};

Case get(std::string path) { return {{.path = "/api/v1/" + std::move(path), .form = ""}, "", 0}; }
Case post(std::string path, std::string form) {
  return {{.method = "POST", .path = "/api/v1/" + std::move(path), .form = std::move(form)}, "", 0};
}
Case with(std::string method, std::string path) {
  return {{.method = std::move(method), .path = "/api/v1/" + std::move(path), .form = ""}, "", 0};
}
Case differs(Case one, int status, std::string body) {
  one.status = status;
  one.otherwise = std::move(body);
  return one;
}
std::string bad(const std::string& message) {
  return R"({"status":"error","errorType":"bad_data","error":")" + message + R"("})";
}
std::string good(const std::string& data) { return R"({"status":"success","data":)" + data + "}"; }

class PrometheusApi : public ::testing::Test {
 protected:
  void SetUp() override {
    rig_.start(kPage);
    const auto now = std::chrono::system_clock::now() + std::chrono::seconds(1);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    time_ = std::to_string(seconds);
  }
  void compare(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
      const HttpMessage theirs = rig_.ask(rig_.prometheus_port(), one.request);
      const HttpMessage ours = rig_.ask(rig_.tocsin().port(), one.request);
      const std::string what = one.request.method + " " + one.request.path + " " + one.request.form;
      if (one.otherwise.empty()) {
        EXPECT_EQ(ours.status, theirs.status) << what;
        EXPECT_EQ(ours.body, theirs.body) << what;
        EXPECT_EQ(ours.header("content-type"), theirs.header("content-type")) << what;
      } else {
        EXPECT_EQ(ours.status, one.status) << what;
        EXPECT_EQ(ours.body, one.otherwise) << what;
        EXPECT_NE(theirs.body, one.otherwise) << what << ": is no difference any more";
      }
    }
  }
  /// An instant query at the common time.
  Case instant(const std::string& expression, const std::string& more = "") const {
    return get("query?time=" + time_ + "&query=" + percent_encode(expression) + more);
  }
  Case range(const std::string& expression, const std::string& more = "") const {
    return get("query_range?start=" + time_ + "&end=" + time_ +
               ".9&step=0.3&query=" + percent_encode(expression) + more);
  }

  QueryRig rig_;
  std::string time_;
};

TEST_F(PrometheusApi, InstantQueries) {
  compare({
      instant("up"),
      instant("1"),
      instant("\"te<x>t\""),
      instant("1e21"),
      instant("1e-7"),
      instant("vector(1e21)"),
      instant("vector(-1e-7)"),
      instant("vector(0.000001)"),
      instant("vector(1/3)"),
      instant("-NaN"),
      instant("Inf"),
      instant("vector(-Inf)"),
      instant("shop_orders_total"),
      instant("tiny"),
      instant("negative"),
      instant("big"),
      instant("nan"),
      instant("inf"),
      instant("hangul"),
      instant("nope"),
      instant("nope[1m]"),
      instant("sum by (region) (shop_orders_total)"),
      instant("lat_seconds_bucket"),
      instant("count({job=\"shop\", __name__!~\"scrape_.*\"})"),
      instant("sort_desc(shop_orders_total)"),
      instant("absent(nope{a=\"b\"})"),
      instant("label_replace(up, \"a\", \"$1\", \"job\", \"(.*)\")"),
      get("query?query=1&time=1.0005"),
      get("query?query=1&time=1.25"),
      get("query?query=vector(1)&time=1.25"),
      get("query?query=vector(1)&time=-1.05"),
      get("query?query=1&time=-1"),
      get("query?query=time()&time=2015-07-01T20:10:30.781Z"),
      get("query?query=time()&time=2015-07-01T22:10:30.781%2B02:00"),

      post("query", "query=1%2B1&time=5"),
      post("query?time=7", "query=time()"),
      post("query?time=7", "query=time()&time=8"),
  });
}

TEST_F(PrometheusApi, BadInstantQueries) {
  compare({
      get("query"),
      get("query?query="),
      get("query?query=sum("),
      get("query?query=up+%2B"),
      get("query?query=foo{a=b}"),
      get("query?query=rate(up)"),
      get("query?query=nofunction(up)"),
      get("query?query=1&time=x"),
      get("query?query=1&timeout=x"),
      get("query?query=up&timeout=1ns"),
      post("query", "query=sum("),
      with("PUT", "query?query=1"),
      // Since 2.43 a lookback that cannot be read is refused.
      differs(
          get("query?query=1&lookback_delta=x"), 400,
          bad(R"(error parsing lookback delta duration: cannot parse \"x\" to a valid duration)")),
      // Since 2.54 there is a limit.
      differs(get("query?query=1&time=1&limit=x"), 400,
              bad(R"(invalid parameter \"limit\": strconv.Atoi: parsing \"x\": invalid syntax)")),
      // Prometheus computes with what it cannot represent.
      differs(get("query?query=1&time=NaN"), 400,
              bad(R"(invalid parameter \"time\": Invalid time value for 'time': )"
                  R"(cannot parse \"NaN\" to a valid timestamp)")),
      differs(get("query?query=1&time=1e20"), 400,
              bad(R"(invalid parameter \"time\": Invalid time value for 'time': )"
                  R"(cannot parse \"1e20\" to a valid timestamp)")),
  });
}

TEST_F(PrometheusApi, RangeQueries) {
  compare({
      range("up"),
      range("1"),
      range("nope"),
      range("shop_orders_total"),
      range("tiny"),
      range("time()"),
      range("sum(lat_seconds_bucket)"),
      range("nan"),
      get("query_range?query=1&start=0&end=2&step=1"),
      get("query_range?query=1&start=0&end=11000&step=1"),
      get("query_range?query=time()&start=1&end=2&step=250ms"),
      get("query_range?query=time()&start=1&end=3&step=1s500ms"),
      get("query_range?query=time()&start=1970-01-01T00:00:01Z&end=1970-01-01T00:00:03.5Z&step=0."
          "5"),
      post("query_range", "query=1&start=0&end=2&step=1"),
  });
}

TEST_F(PrometheusApi, BadRangeQueries) {
  compare({
      get("query_range"),
      get("query_range?query=1&start=x"),
      get("query_range?query=1&start=0"),
      get("query_range?query=1&start=0&end=x"),
      get("query_range?query=1&start=3&end=2"),
      get("query_range?query=1&start=0&end=2"),
      get("query_range?query=1&start=0&end=2&step=0"),
      get("query_range?query=1&start=0&end=2&step=-1"),
      get("query_range?query=1&start=0&end=2&step=x"),
      get("query_range?query=1&start=0&end=11001&step=1"),
      get("query_range?query=1&start=0&end=2&step=1&timeout=x"),
      // Newer ones name the parameter.
      differs(get("query_range?query=sum(&start=0&end=2&step=1"), 400,
              bad(R"(invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis)")),
      differs(get("query_range?query=%22a%22&start=0&end=2&step=1"), 400,
              bad(R"(invalid parameter \"query\": invalid expression type \"string\" for range )"
                  R"(query, must be Scalar or instant Vector)")),
      differs(get("query_range?query=up%5B1m%5D&start=0&end=2&step=1"), 400,
              bad(R"(invalid parameter \"query\": invalid expression type \"range vector\" for )"
                  R"(range query, must be Scalar or instant Vector)")),
  });
}

TEST_F(PrometheusApi, SeriesAndLabels) {
  compare({
      get("series?match[]=up"),
      get("series?match[]=shop_orders_total&match[]=up&match[]=%7Bregion=%22seoul%22%7D"),
      get("series?match[]=nope"),
      get("series?match[]=up&start=5&end=2"),
      get("series?match[]=up&start=5&end=6"),
      post("series", "match[]=tiny&match[]=hangul"),
      get("labels"),
      get("labels?match[]=tiny"),
      get("labels?match[]=nope"),
      post("labels", "match[]=shop_orders_total"),
      get("label/job/values"),
      get("label/__name__/values"),
      get("label/region/values?match[]=shop_orders_total%7Bkind=~%22b.*%22%7D"),
      get("label/name/values"),
      get("label/nope/values"),
      get("label/job/values?match[]=nope"),
  });
}

TEST_F(PrometheusApi, BadSeriesAndLabels) {
  compare({
      get("series"),
      get("series?match[]="),
      get("series?match[]=sum(up)"),
      get("series?match[]=up&start=x"),
      get("series?match[]=up&end=x"),
      get("labels?match[]=foo("),
      get("labels?match[]=up&start=x"),
      get("label/job/values?match[]=foo("),
      get("label/job/values?match[]=up&end=x"),
      with("PUT", "series"),
      with("PUT", "labels"),
      // Any UTF-8 is a label name since 3.0.
      differs(get("label/1a/values"), 200, good("[]")),
      differs(get("label/a%20b/values"), 200, good("[]")),
  });
}

TEST_F(PrometheusApi, MetadataFormatAndExemplars) {
  compare({
      get("metadata"),
      get("metadata?metric=tiny"),
      get("metadata?metric=nope"),
      get("metadata?limit=0"),
      get("metadata?limit=x"),
      get("targets/metadata?metric=shop_orders_total"),
      get("targets/metadata?metric=nope"),
      get("targets/metadata?metric=tiny&match_target=%7Bjob=%22shop%22%7D"),
      get("targets/metadata?metric=tiny&match_target=%7Bjob=%22x%22%7D"),
      get("targets/metadata?limit=x"),
      get("targets/metadata?match_target=foo("),
      get("format_query"),
      get("format_query?query=sum(up)by(job)"),
      post("format_query", "query=up"),
      get("format_query?query=foo("),
      get("query_exemplars"),
      get("query_exemplars?query=up&start=0&end=2"),
      get("query_exemplars?query=up(&start=0&end=2"),
      get("query_exemplars?query=up&start=3&end=2"),
      get("query_exemplars?query=up&start=x&end=2"),
      get("alertmanagers"),
      get("alerts"),
      get("rules"),
      get("rules?type=x"),
  });
}

TEST_F(PrometheusApi, WrongPathsAndMethods) {
  compare({get("nope"), with("POST", "nope"), get("labels/job"), with("PUT", "query_range"),
           with("POST", "rules"), with("POST", "metadata"), with("POST", "label/job/values"),
           with("DELETE", "labels"), with("OPTIONS", "query"), with("OPTIONS", "nope")});
}

TEST_F(PrometheusApi, StatisticsHaveTheirShape) {
  const Case one = instant("up", "&stats=true");
  for (const std::uint16_t port : {rig_.prometheus_port(), rig_.tocsin().port()}) {
    const boost::json::value answer = boost::json::parse(rig_.ask(port, one.request).body);
    EXPECT_EQ(text_at(answer, "/data/stats/samples/totalQueryableSamples"), "1");
    EXPECT_EQ(text_at(answer, "/data/stats/samples/peakSamples"), "1");
    for (const char* slice : {"evalTotalTime", "resultSortTime", "queryPreparationTime",
                              "innerEvalTime", "execQueueTime", "execTotalTime"}) {
      EXPECT_TRUE(at(answer, std::string("/data/stats/timings/") + slice).is_number()) << slice;
    }
  }
}

}  // namespace
}  // namespace tocsin::testing
