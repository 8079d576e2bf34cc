#include "rendering/renderer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rendering/default_templates.h"

namespace tocsin::rendering {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr base::WallTime kStart = base::from_millis(1'767'225'600'000);

model::Alert alert(std::string_view instance, bool resolved) {
  model::Alert result;
  result.labels = {{"alertname", "HighLatency"}, {"instance", instance}, {"job", "api"}};
  result.annotations = {{"summary", "latency <high>"}, {"description", "p99 above 2s"}};
  result.state = model::AlertState::kFiring;
  result.active_at = kStart - std::chrono::minutes(5);
  result.fired_at = kStart;
  if (resolved) {
    result.resolved_at = kStart + std::chrono::minutes(10);
  }
  result.generator_url = "http://t/graph?g0.expr=x";
  return result;
}

model::Notice notice() {
  model::Notice result;
  result.receiver = "team a";
  result.group_labels = {{"alertname", "HighLatency"}};
  result.common_labels = {{"alertname", "HighLatency"}, {"job", "api"}};
  result.common_annotations = {{"summary", "latency <high>"}};
  result.alerts = {alert("a:1", false), alert("b:1", true)};
  result.external_url = "http://t";
  result.created_at = kStart + std::chrono::minutes(1);
  return result;
}

model::Notice incident_notice() {
  model::Notice result = notice();
  result.incidents = {{.id = "INC-142",
                       .title = "Checkout is slow",
                       .state = "open",
                       .grade = 2,
                       .provisional = true,
                       .service = "checkout",
                       .category = "business",
                       .detected_at = kStart}};
  return result;
}

std::string render(std::string_view text, const model::Notice& of) {
  const auto renderer = Renderer::make();
  if (!renderer) {
    return renderer.error().to_string();
  }
  const auto result = renderer->render(text, of);
  return result ? *result : result.error().to_string();
}

TEST(NoticeData, IsThatOfAlertmanager) {
  const std::pair<const char*, const char*> cases[] = {
      {"{{ .Receiver }} {{ .Status }} {{ .ExternalURL }}", "team a firing http://t"},
      {"{{ len .Alerts }} {{ .Alerts.Firing | len }} {{ len .Alerts.Resolved }}", "2 1 1"},
      {"{{ range .Alerts }}{{ .Labels.instance }} {{ end }}", "a:1 b:1 "},
      {"{{ (index .Alerts 0).StartsAt.Format \"15:04\" }}", "00:00"},
      {"{{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 1).EndsAt.Minute }}", "true 10"},
      {"{{ .CommonLabels.SortedPairs.Names | join \",\" }}", "alertname,job"},
      {"{{ .CommonLabels.SortedPairs.Values | join \",\" }}", "HighLatency,api"},
      {"{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
       "alertname=HighLatency;job=api;"},
      {"{{ .CommonLabels.Names | join \",\" }} {{ .CommonLabels.Values | join \",\" }}",
       "alertname,job HighLatency,api"},
      {"{{ with .CommonLabels.Remove .GroupLabels.Names }}{{ range .SortedPairs }}{{ .Name }}{{ "
       "end }}{{ end }}",
       "job"},
      {"{{ (.CommonLabels.Remove (stringSlice \"job\")).SortedPairs.Values | join \",\" }}",
       "HighLatency"},
      {"{{ range $k, $v := .GroupLabels }}{{ $k }}{{ $v }}{{ end }}", "alertnameHighLatency"},
      {"{{ .CommonAnnotations.nope }}|{{ len .Incidents }}", "|0"},
      {"{{ (index .Alerts 0).Fingerprint | len }}", "16"},
      {"{{ since (index .Alerts 0).StartsAt }}", "1m0s"},
      {"{{ .CommonLabels.Remove 5 }}", "1:4: error calling Remove: takes a list of names"},
      {"{{ .Alerts.Firing 5 }}", "1:4: error calling Firing: takes no arguments"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_THAT(render(text, notice()), HasSubstr(expected)) << text;
  }
}

TEST(DefaultTemplates, PutTheIncidentInFront) {
  EXPECT_EQ(render("{{ template \"slack.default.title\" . }}", incident_notice()),
            "[INC-142 · grade 2, provisional] FIRING 1: Checkout is slow");
  EXPECT_EQ(render("{{ template \"__subject\" . }}", notice()), "FIRING 1: latency <high>");
  model::Notice done = incident_notice();
  done.resolved = true;
  done.incidents.push_back(done.incidents[0]);
  done.incidents[0].provisional = false;
  EXPECT_EQ(render("{{ template \"email.default.subject\" . }}", done),
            "[INC-142 · grade 2] [and 1 more] RESOLVED: Checkout is slow");
  EXPECT_EQ(render("{{ template \"slack.default.titlelink\" . }}", done),
            "http://t/#/alerts?receiver=team+a");
}

TEST(DefaultTemplates, SayWhatIsKnownAndWhatIsNot) {
  const std::string open = render("{{ template \"slack.default.text\" . }}", incident_notice());
  EXPECT_THAT(open, HasSubstr("INC-142 Checkout is slow: open, service checkout, detected "
                              "2026-01-01 00:00:00 UTC\n"));
  EXPECT_THAT(open, HasSubstr("Impact: under investigation\nCause: under investigation\n"));
  EXPECT_THAT(open, HasSubstr("Firing:\n- latency <high>\n  p99 above 2s\n"
                              "  alertname=HighLatency, instance=a:1, job=api\n"
                              "  since 2026-01-01 00:00:00 UTC\n  http://t/graph?g0.expr=x\n"));
  EXPECT_THAT(open, HasSubstr("Resolved:\n- latency <high>\n"));
  EXPECT_THAT(open, HasSubstr("until 2026-01-01 00:10:00 UTC"));
  model::Notice known = notice();
  known.common_annotations = {{"impact", "orders fail"}, {"runbook_url", "http://r"}};
  known.truncated_alerts = 3;
  const std::string text = render("{{ template \"webhook.default.message\" . }}", known);
  EXPECT_THAT(text, HasSubstr("Impact: orders fail\n"));
  EXPECT_THAT(text, HasSubstr("Runbook: http://r\n"));
  EXPECT_THAT(text, HasSubstr("and 3 more alerts\n"));
}

TEST(DefaultTemplates, AllRenderForAnyNotice) {
  const std::string_view text = default_templates();
  model::Notice empty;
  int count = 0;
  for (std::size_t at = text.find(".default."); at != std::string_view::npos;
       at = text.find(".default.", at + 1)) {
    const std::size_t begin = text.rfind('"', at) + 1;
    const std::string name(text.substr(begin, text.find('"', at) - begin));
    if (name == "pagerduty.default.instances") {
      continue;  // takes alerts
    }
    for (const model::Notice& each : {notice(), incident_notice(), empty}) {
      const auto renderer = Renderer::make();
      const auto result = renderer->render("{{ template \"" + name + "\" . }}", each);
      EXPECT_TRUE(result) << name << ": " << result.error().to_string();
    }
    ++count;
  }
  EXPECT_GT(count, 60);
  EXPECT_THAT(render("{{ template \"pagerduty.default.instances\" .Alerts.Firing }}", notice()),
              HasSubstr("- latency"));
  EXPECT_EQ(render("{{ template \"jira.default.priority\" . }}", incident_notice()), "High");
}

TEST(Renderer, EscapesHtml) {
  const auto renderer = *Renderer::make();
  const std::string page =
      *renderer.render_html("{{ template \"email.default.html\" . }}", notice());
  EXPECT_THAT(page, HasSubstr("latency &lt;high&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<high>")));
  EXPECT_THAT(page, HasSubstr("<h3>Firing</h3>"));
  EXPECT_EQ(*renderer.render_html("{{ \"<b>\" | safeHtml }}{{ \"<\" }}", notice()), "<b>&lt;");
  EXPECT_EQ(*renderer.render_html("<plain>", notice()), "<plain>");
  EXPECT_FALSE(renderer.render_html("{{ nope }}", notice()));
}

TEST(Renderer, TakesUserTemplates) {
  const auto renderer =
      *Renderer::make({{"a.tmpl", "{{ define \"mine\" }}<{{ .Receiver }}>{{ end }}"},
                       {"b.tmpl", "{{ define \"__alertmanager\" }}ops{{ end }}"}});
  EXPECT_EQ(*renderer.render("{{ template \"mine\" . }}", notice()), "<team a>");
  EXPECT_EQ(*renderer.render("{{ template \"slack.default.username\" . }}", notice()), "ops");
  EXPECT_EQ(*renderer.render("no actions", notice()), "no actions");
  const auto compiled = renderer.compile("{{ .Status }}");
  ASSERT_TRUE(compiled);
  EXPECT_EQ(*renderer.render(*compiled, notice()), "firing");
  const auto broken = Renderer::make({{"c.tmpl", "\n{{ nope }}"}});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().to_string(), "c.tmpl:2:4: function \"nope\" not defined");
  EXPECT_EQ(renderer.compile("{{ if }}").error().position()->line, 1);
}

TEST(Renderer, SummarizesAndNeverFails) {
  const auto renderer = *Renderer::make();
  EXPECT_THAT(renderer.text_summary(incident_notice()),
              HasSubstr("[INC-142 · grade 2, provisional] FIRING 1: Checkout is slow\nINC-142"));
  EXPECT_EQ(renderer.subject(notice()), "FIRING 1: latency <high>");
  const auto bad = *Renderer::make({{"x", "{{ define \"__subject\" }}{{ .Nope }}{{ end }}"}});
  EXPECT_EQ(bad.subject(notice()), "FIRING: team a {alertname=\"HighLatency\"}");
}

}  // namespace
}  // namespace tocsin::rendering
