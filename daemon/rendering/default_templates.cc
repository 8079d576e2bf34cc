#include "rendering/default_templates.h"

#include <string>

namespace tocsin::rendering {
namespace {

/// Parts that the definitions for services are made of.
constexpr std::string_view kParts = R"(
{{ define "__alertmanager" }}tocsin{{ end }}
{{ define "__alertmanagerURL" -}}
{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}
{{- end }}

{{ define "__incident_tag" -}}
[{{ .ID }} · {{ if .Grade }}grade {{ .Grade }}{{ else }}grade open{{ end -}}
{{ if .Provisional }}, provisional{{ end }}]
{{- end }}

{{ define "__incident" -}}
{{ if .Incidents }}{{ template "__incident_tag" (index .Incidents 0) }}
{{- if gt (len .Incidents) 1 }} [and {{ len (slice .Incidents 1) }} more]{{ end }}{{ end -}}
{{ end }}

{{ define "__headline" -}}
{{ if .Incidents }}{{ (index .Incidents 0).Title }}
{{- else if .CommonAnnotations.summary }}{{ .CommonAnnotations.summary }}
{{- else if .GroupLabels.SortedPairs }}{{ .GroupLabels.SortedPairs.Values | join " " }}
{{- else if .CommonLabels.alertname }}{{ .CommonLabels.alertname }}
{{- else }}{{ len .Alerts }} alerts{{ end -}}
{{ end }}

{{ define "__status" -}}
{{ if eq .Status "firing" }}FIRING {{ len .Alerts.Firing }}{{ else }}RESOLVED{{ end -}}
{{ end }}

{{ define "__subject" -}}
{{ with .Incidents }}{{ template "__incident" $ }} {{ end -}}
{{ template "__status" . }}: {{ template "__headline" . }}
{{- end }}

{{ define "__or_open" }}{{ if . }}{{ . }}{{ else }}under investigation{{ end }}{{ end }}

{{ define "__facts" -}}
{{ range .Incidents -}}
{{ .ID }} {{ .Title }}: {{ .State }}, service {{ template "__or_open" .Service }}, detected {{ .DetectedAt | date "2006-01-02 15:04:05 MST" }}
{{ end -}}
Impact: {{ template "__or_open" .CommonAnnotations.impact }}
{{- if eq .Status "firing" }}
Cause: {{ template "__or_open" .CommonAnnotations.cause }}
{{- end }}
{{- with .CommonAnnotations.action }}
Action: {{ . }}{{ end }}
{{- with .CommonAnnotations.runbook_url }}
Runbook: {{ . }}{{ end }}
{{- end }}

{{ define "__alert_title" -}}
{{ if .Annotations.summary }}{{ .Annotations.summary }}{{ else if .Annotations.title }}{{ .Annotations.title }}{{ else }}{{ .Labels.alertname }}{{ end -}}
{{ end }}

{{ define "__labels" -}}
{{ range $i, $pair := .SortedPairs }}{{ if $i }}, {{ end }}{{ $pair.Name }}={{ $pair.Value }}{{ end -}}
{{ end }}

{{ define "__text_alert_list" -}}
{{ range . -}}
- {{ template "__alert_title" . }}
{{ with .Annotations.description }}  {{ . }}
{{ end }}  {{ template "__labels" .Labels }}
  since {{ .StartsAt | date "2006-01-02 15:04:05 MST" }}
{{- if eq .Status "resolved" }}, until {{ .EndsAt | date "2006-01-02 15:04:05 MST" }}{{ end }}
{{ with .GeneratorURL }}  {{ . }}
{{ end }}{{ end }}
{{- end }}

{{ define "__text_alert_list_markdown" -}}
{{ range . -}}
* **{{ template "__alert_title" . }}**{{ with .GeneratorURL }} ([expression]({{ . }})){{ end }}
{{ with .Annotations.description }}  {{ . }}
{{ end }}  {{ template "__labels" .Labels }}
{{ end }}
{{- end }}

{{ define "__more" }}{{ if .TruncatedAlerts }}and {{ .TruncatedAlerts }} more alerts
{{ end }}{{ end }}

{{ define "__text" -}}
{{ template "__facts" . }}
{{ with .Alerts.Firing }}
Firing:
{{ template "__text_alert_list" . }}{{ end }}
{{- with .Alerts.Resolved }}
Resolved:
{{ template "__text_alert_list" . }}{{ end }}
{{- template "__more" . }}
{{- end }}

{{ define "__markdown" -}}
{{ template "__facts" . }}
{{ with .Alerts.Firing }}
**Firing**
{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- with .Alerts.Resolved }}
**Resolved**
{{ template "__text_alert_list_markdown" . }}{{ end }}
{{- template "__more" . }}
{{- end }}

{{ define "__summary" }}{{ template "__subject" . }}
{{ template "__text" . }}{{ end }}
)";

/// Names for services whose text is a subject, a body or a link.
constexpr std::string_view kChat = R"(
{{ define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.pretext" }}{{ end }}
{{ define "slack.default.text" }}{{ template "__text" . }}{{ end }}
{{ define "slack.default.fallback" }}{{ template "__subject" . }} | {{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.footer" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}
{{ define "slack.default.callbackid" }}{{ end }}
{{ define "slack.default.iconemoji" }}{{ end }}
{{ define "slack.default.iconurl" }}{{ end }}

{{ define "mattermost.default.text" }}{{ template "__markdown" . }}{{ end }}
{{ define "mattermost.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "mattermost.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "mattermost.default.fallback" }}{{ template "__subject" . }}{{ end }}
{{ define "mattermost.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "mattermost.default.pretext" }}{{ end }}
{{ define "mattermost.default.footer" }}{{ end }}
{{ define "mattermost.default.iconurl" }}{{ end }}
{{ define "mattermost.default.iconemoji" }}{{ end }}
{{ define "mattermost.default.callbackid" }}{{ end }}
{{ define "mattermost.default.color" }}{{ template "slack.default.color" . }}{{ end }}

{{ define "rocketchat.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "rocketchat.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "rocketchat.default.alias" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "rocketchat.default.text" }}{{ template "__text" . }}{{ end }}
{{ define "rocketchat.default.emoji" }}{{ end }}
{{ define "rocketchat.default.iconurl" }}{{ end }}

{{ define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "discord.default.message" }}{{ template "__markdown" . }}{{ end }}
{{ define "discord.default.content" }}{{ end }}

{{ define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.text" }}{{ template "__markdown" . }}{{ end }}
{{ define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteamsv2.default.text" }}{{ template "__markdown" . }}{{ end }}

{{ define "webex.default.message" }}{{ template "__subject" . }}

{{ template "__markdown" . }}{{ end }}
{{ define "googlechat.default.message" }}{{ template "__summary" . }}{{ end }}
{{ define "matrix.default.message" }}{{ template "__summary" . }}{{ end }}
{{ define "telegram.default.message" }}{{ template "__subject" . }}
{{ template "__text" . }}{{ end }}
{{ define "wechat.default.message" }}{{ template "__summary" . }}{{ end }}
{{ define "wechat.default.to_user" }}{{ end }}
{{ define "wechat.default.to_party" }}{{ end }}
{{ define "wechat.default.to_tag" }}{{ end }}
{{ define "wechat.default.agent_id" }}{{ end }}
{{ define "wechat.default.api_secret" }}{{ end }}
{{ define "line.default.message" }}{{ template "__summary" . }}{{ end }}
{{ define "signal.default.message" }}{{ template "__summary" . }}{{ end }}
)";

constexpr std::string_view kServices = R"(
{{ define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{ define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "opsgenie.default.description" }}{{ template "__text" . }}{{ end }}
{{ define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "jira.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "jira.default.description" }}{{ template "__text" . }}{{ end }}
{{ define "jira.default.priority" -}}
{{ $grade := 0 }}{{ range .Incidents }}{{ if or (eq $grade 0) (lt .Grade $grade) }}{{ $grade = .Grade }}{{ end }}{{ end -}}
{{ if eq $grade 1 }}Highest{{ else if eq $grade 2 }}High{{ else if or (eq $grade 0) (eq $grade 3) }}Medium{{ else }}Low{{ end -}}
{{ end }}

{{ define "victorops.default.state_message" }}{{ template "__text" . }}{{ end }}
{{ define "victorops.default.entity_display_name" }}{{ template "__subject" . }}{{ end }}
{{ define "victorops.default.monitoring_tool" }}{{ template "__alertmanager" . }}{{ end }}

{{ define "pushover.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "pushover.default.message" }}{{ template "__text" . }}{{ end }}
{{ define "pushover.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "sns.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "sns.default.message" }}{{ template "__text" . }}{{ end }}

{{ define "webhook.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "webhook.default.message" }}{{ template "__text" . }}{{ end }}
{{ define "ntfy.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "ntfy.default.message" }}{{ template "__text" . }}{{ end }}
{{ define "gotify.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "gotify.default.message" }}{{ template "__text" . }}{{ end }}
{{ define "github.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "github.default.message" }}{{ template "__markdown" . }}{{ end }}
{{ define "gitlab.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "gitlab.default.message" }}{{ template "__markdown" . }}{{ end }}
{{ define "twilio.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "syslog.default.message" }}{{ template "__subject" . }}{{ end }}
)";

constexpr std::string_view kEmail = R"(
{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "email.default.text" }}{{ template "__summary" . }}{{ end }}

{{ define "__html_alerts" -}}
<ul>
{{ range . }}<li><b>{{ template "__alert_title" . }}</b>
{{ with .Annotations.description }}<br>{{ . }}
{{ end }}<br><small>{{ template "__labels" .Labels }}; since {{ .StartsAt | date "2006-01-02 15:04:05 MST" }}
{{- if eq .Status "resolved" }}, until {{ .EndsAt | date "2006-01-02 15:04:05 MST" }}{{ end }}</small>
{{ with .GeneratorURL }}<br><a href="{{ . }}">expression</a>
{{ end }}</li>
{{ end }}</ul>
{{ end }}

{{ define "email.default.html" -}}
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{{ template "__subject" . }}</title></head>
<body style="font-family: sans-serif; max-width: 48em">
<h2 style="color: {{ if eq .Status "firing" }}#b00020{{ else }}#1b6e2e{{ end }}">{{ template "__subject" . }}</h2>
<pre style="font-family: inherit; white-space: pre-wrap">{{ template "__facts" . }}</pre>
{{ with .Alerts.Firing }}<h3>Firing</h3>
{{ template "__html_alerts" . }}{{ end -}}
{{ with .Alerts.Resolved }}<h3>Resolved</h3>
{{ template "__html_alerts" . }}{{ end -}}
<p>{{ template "__more" . }}<a href="{{ template "__alertmanagerURL" . }}">{{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{ end }}
)";

}  // namespace

std::string_view default_templates() {
  static const std::string kText =
      std::string(kParts) + std::string(kChat) + std::string(kServices) + std::string(kEmail);
  return kText;
}

}  // namespace tocsin::rendering
