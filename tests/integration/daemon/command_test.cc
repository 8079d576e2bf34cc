#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

/// Commands against a daemon with one open incident, as a person types them.
class Commands : public ::testing::Test {
 protected:
  void start() {
    page_.set("queue_length 50\n");
    rig_.write("rules.yml", R"(
groups:
  - name: shop
    rules:
      - alert: QueueLong
        expr: queue_length > 10
        labels: {severity: critical, service: shop, category: business}
        annotations: {summary: "the queue is {{ $value }} long", impact: "orders come late"}
      - record: queue:max
        expr: max(queue_length)
)");
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, no_data: keep}\nrule_files: "
               "[rules.yml]\nscrape_configs:\n" +
                   scrape_job("shop", page_.address()) + webhook_route(sink_.url()));
    rig_.start_ready();
    ASSERT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "QueueLong"); }))
        << rig_.log();
  }

  Finished ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--server", rig_.url()});
    return tocsin(std::move(arguments));
  }

  Rig rig_;
  PageServer page_;
  HttpSink sink_;
};

TEST_F(Commands, QueryPrintsATableAndSaysWhatIsWrong) {
  start();
  const Finished good = ask({"query", "queue_length"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_THAT(good.output, HasSubstr("SERIES"));
  EXPECT_THAT(good.output, HasSubstr("queue_length{"));
  EXPECT_THAT(good.output, HasSubstr("50"));
  const Finished scalar = ask({"query", "1 + 2"});
  EXPECT_EQ(scalar.exit_code, 0);
  EXPECT_EQ(scalar.output, "3\n");
  const Finished json = ask({"query", "--json", "queue_length"});
  EXPECT_EQ(json.exit_code, 0);
  EXPECT_THAT(json.output, HasSubstr("\"resultType\":\"vector\""));
  const Finished bad = ask({"query", "sum("});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output, HasSubstr("1:5"));
  EXPECT_EQ(tocsin({"query", "up", "--server", "http://127.0.0.1:1"}).exit_code, 2);
}

TEST_F(Commands, QueryDrawsARange) {
  start();
  const Finished chart = ask({"query", "queue_length", "--range", "1m/1s", "--width", "60"});
  EXPECT_EQ(chart.exit_code, 0);
  EXPECT_THAT(chart.output, HasSubstr("┤"));
  EXPECT_THAT(chart.output, HasSubstr("● queue_length{"));
  EXPECT_THAT(chart.output, HasSubstr("50 (50 to 50)"));
  EXPECT_THAT(chart.output, ::testing::Not(HasSubstr("\x1b"))) << "no terminal, no colours";
  const Finished json =
      ask({"query", "queue_length", "--start", "1m", "--end", "now", "--step", "1s", "--json"});
  EXPECT_EQ(json.exit_code, 0);
  EXPECT_THAT(json.output, HasSubstr("\"resultType\":\"matrix\""));
  const Finished samples = ask({"query", "queue_length[5s]", "--time", "now"});
  EXPECT_EQ(samples.exit_code, 0);
  EXPECT_THAT(samples.output, HasSubstr("SERIES"));
  EXPECT_EQ(ask({"query", "queue_length", "--range", "nonsense"}).exit_code, 2);
  EXPECT_EQ(ask({"query", "queue_length", "--time", "nonsense"}).exit_code, 2);
}

TEST_F(Commands, QueryHasExitCodesForScripts) {
  start();
  EXPECT_EQ(ask({"query", "nope"}).exit_code, 0);
  EXPECT_EQ(ask({"query", "nope", "--fail-empty"}).exit_code, 1);
  EXPECT_EQ(ask({"query", "queue_length", "--fail-empty"}).exit_code, 0);
  EXPECT_EQ(ask({"query", "queue_length", "--token-file", "/nonexistent"}).exit_code, 2);
  EXPECT_EQ(ask({"query", "queue_length", "--password-file", "x"}).exit_code, 2);
}

TEST(CommandLine, QueryFormatsWithoutAServer) {
  const Finished all = tocsin({"query", "--functions"});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_THAT(all.output, HasSubstr("abs(vector)\n    absolute value\n"));
  EXPECT_THAT(all.output, HasSubstr("mad_over_time(range)\n    median absolute deviation of the "
                                    "values (--enable-feature=promql-experimental-functions)\n"));
  EXPECT_EQ(tocsin({"query", "--functions", "predict"}).output,
            "predict_linear(range, scalar)\n    value in so many seconds by linear regression\n");
  EXPECT_EQ(tocsin({"query"}).exit_code, 2);
  const Finished good = tocsin({"query", "--format", "sum(rate(up[5m]))by(job)>0"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_EQ(good.output, "sum by (job) (rate(up[5m])) > 0\n");
  const Finished bad = tocsin({"query", "--format", "sum("});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output, HasSubstr("1:5"));
}

TEST_F(Commands, IncidentsAreListedAndShown) {
  start();
  const Finished list = ask({"incident", "list"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.output, HasSubstr("INC-1"));
  EXPECT_THAT(list.output, HasSubstr("open"));
  EXPECT_THAT(list.output, HasSubstr("shop"));
  const Finished show = ask({"incident", "show", "INC-1"});
  EXPECT_EQ(show.exit_code, 0);
  EXPECT_THAT(show.output, HasSubstr("QueueLong"));
  EXPECT_THAT(show.output, HasSubstr("orders come late"));
  const Finished json = ask({"incident", "show", "INC-1", "--json"});
  EXPECT_THAT(json.output, HasSubstr("\"timeline\""));
  EXPECT_EQ(ask({"incident", "show", "INC-9"}).exit_code, 1);
  const Finished none = ask({"incident", "list", "--state", "resolved"});
  EXPECT_EQ(none.exit_code, 0);
  EXPECT_THAT(none.output, ::testing::Not(HasSubstr("INC-1")));
}

TEST_F(Commands, TheApiAnswersAsPrometheusDoes) {
  start();
  const boost::json::value rules = rig_.json("/api/v1/rules");
  EXPECT_EQ(text_at(rules, "/status"), "success");
  EXPECT_EQ(text_at(rules, "/data/groups/0/name"), "shop");
  EXPECT_EQ(text_at(rules, "/data/groups/0/rules/0/name"), "QueueLong");
  EXPECT_EQ(text_at(rules, "/data/groups/0/rules/0/state"), "firing");
  EXPECT_EQ(text_at(rules, "/data/groups/0/rules/0/health"), "ok");
  EXPECT_EQ(text_at(rules, "/data/groups/0/rules/1/type"), "recording");
  const boost::json::value alerts = rig_.json("/api/v1/alerts");
  EXPECT_EQ(text_at(alerts, "/data/alerts/0/annotations/summary"), "the queue is 50 long");
  EXPECT_EQ(text_at(rig_.target(page_.address()), "/health"), "up");
  EXPECT_EQ(text_at(rig_.target(page_.address()), "/labels/job"), "shop");
  EXPECT_EQ(rig_.query("queue:max"), 50);
  EXPECT_EQ(rig_.query("ALERTS{alertname=\"QueueLong\", alertstate=\"firing\"}"), 1);
  EXPECT_EQ(rig_.get("/-/healthy").status, 200);
  EXPECT_EQ(rig_.get("/-/ready").status, 200);
  EXPECT_EQ(rig_.get("/nothing").status, 404);
  EXPECT_EQ(rig_.post("/metrics").status, 405);
  EXPECT_GE(rig_.metric("tocsin_detection_latency_seconds_count").value_or(0), 1);
}

TEST(CommandLine, HelpStandsEverywhere) {
  const std::vector<std::vector<std::string>> commands = {{},
                                                          {"run"},
                                                          {"check"},
                                                          {"check", "metrics"},
                                                          {"query"},
                                                          {"incident"},
                                                          {"incident", "list"},
                                                          {"incident", "show"},
                                                          {"plugin"},
                                                          {"plugin", "list"},
                                                          {"plugin", "check"},
                                                          {"version"}};
  for (std::vector<std::string> command : commands) {
    command.emplace_back("--help");
    const Finished help = tocsin(command);
    EXPECT_EQ(help.exit_code, 0) << command[0] << help.output;
    EXPECT_THAT(help.output, HasSubstr("Usage")) << command[0];
  }
}

TEST(CommandLine, ExitCodesTellApart) {
  const Finished version = tocsin({"version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.output, ::testing::StartsWith("tocsin "));
  EXPECT_EQ(tocsin({}).exit_code, 2);
  EXPECT_EQ(tocsin({"dance"}).exit_code, 2);
  EXPECT_EQ(tocsin({"run"}).exit_code, 2);
  EXPECT_EQ(tocsin({"check"}).exit_code, 2);
  EXPECT_EQ(tocsin({"check", "/nonexistent.yml"}).exit_code, 1);
}

TEST(CommandLine, CheckJudgesFiles) {
  const Rig rig;
  rig.write("good.yml", "groups: [{name: a, rules: [{record: b:c, expr: up}]}]\n");
  rig.write("bad.yml", "groups: [{name: a, rules: [{record: b:c, expr: up +}]}]\n");
  EXPECT_EQ(tocsin({"check", rig.path("good.yml")}).exit_code, 0);
  const Finished bad = tocsin({"check", rig.path("good.yml"), rig.path("bad.yml")});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output, HasSubstr("bad.yml:1:"));
  const Finished shipped = tocsin({"check", std::string(TOCSIN_SOURCE_DIR) + "/config/tocsin.yml"});
  EXPECT_EQ(shipped.exit_code, 0) << shipped.output;
  for (const char* text : {"rule_files: [good.yml]\nalerting: {}\n", "storage: {}\n"}) {
    rig.write("plain.yml", text);
    const Finished plain = tocsin({"check", rig.path("plain.yml")});
    EXPECT_EQ(plain.exit_code, 0) << plain.output;
    EXPECT_THAT(plain.output, HasSubstr("(configuration)"));
  }
  rig.write("plain.yml", "scrape_config_files: [x.yml]\n");
  EXPECT_THAT(tocsin({"check", rig.path("plain.yml")}).output, HasSubstr("not supported yet"));
  for (const char* text : {"", "# nothing\n", "surprise: 1\n"}) {
    rig.write("rules.yml", text);
    EXPECT_THAT(tocsin({"check", rig.path("rules.yml")}).output,
                ::testing::Not(HasSubstr("(configuration)")));
  }
  rig.write("page.prom", "metric{ 1\n");
  const Finished page = tocsin({"check", "metrics", rig.path("page.prom")});
  EXPECT_EQ(page.exit_code, 1);
  EXPECT_THAT(page.output, HasSubstr("page.prom:1"));
}

TEST(CommandLine, CheckMetricsWaitsForAPipe) {
  const Rig rig;
  rig.write("slow.sh", "(sleep 0.3; echo 'a 1'; sleep 0.1; echo 'b{') | " + tocsin_binary() +
                           " check metrics -\n");
  const Finished piped = run_program({.argv = {"sh", rig.path("slow.sh")}, .environment = {}});
  EXPECT_EQ(piped.exit_code, 1);
  EXPECT_THAT(piped.output, HasSubstr("-:2:"));
}

}  // namespace
}  // namespace tocsin::testing
