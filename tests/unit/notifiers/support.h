#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "net/http.h"
#include "notifiers/receivers.h"
#include "notifiers/text_renderer.h"
#include "support/alerts.h"
#include "support/fake_file_system.h"
#include "yaml/document.h"

namespace tocsin::testing {

/// Renders "{{status}}" and "{{alertname}}", escapes < for HTML, and fails on "{{fail}}".
class FakeRenderer final : public notifiers::TextRenderer {
 public:
  base::Result<std::string> render(std::string_view text,
                                   const model::Notice& notice) const override {
    if (text.find("{{fail}}") != std::string_view::npos) {
      return base::Error(base::ErrorCode::kInvalidInput, "template: no such thing");
    }
    std::string out(text);
    replace(out, "{{status}}", notice.resolved ? "resolved" : "firing");
    replace(out, "{{alertname}}", notice.group_labels.get("alertname"));
    return out;
  }
  base::Result<std::string> render_html(std::string_view text,
                                        const model::Notice& notice) const override {
    auto out = render(text, notice);
    if (out) {
      *out = "<p>" + *out + "</p>";
    }
    return out;
  }

 private:
  static void replace(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
};

/// Answers every request with what the test has prepared, and remembers the requests.
class FakeHttpClient final : public net::HttpClient {
 public:
  using Answer = std::function<base::Result<net::HttpResponse>(const net::HttpRequest&)>;

  async::Task<base::Result<net::HttpResponse>> send(net::HttpRequest request,
                                                    base::MonotonicTime deadline) override {
    deadlines.push_back(deadline);
    requests.push_back(std::move(request));
    base::Result<net::HttpResponse> response = answer(requests.back());
    co_return response;
  }

  Answer answer = [](const net::HttpRequest&) { return status(200); };
  std::vector<net::HttpRequest> requests;
  std::vector<base::MonotonicTime> deadlines;

  static base::Result<net::HttpResponse> status(int code, std::string body = {},
                                                net::Headers headers = {}) {
    net::HttpResponse response;
    response.status = code;
    response.body = std::move(body);
    response.headers = std::move(headers);
    return response;
  }
};

/// 2026-01-31 09:05:00 UTC.
inline constexpr base::WallTime kNoon = base::from_millis(1'769'850'300'000);

inline model::Notice sample_notice(int alerts = 1, bool resolved_ones = false) {
  model::Notice notice;
  notice.id = "n-1";
  notice.receiver = "oncall";
  notice.integration = "webhook[0]";
  notice.group_key = "{}:{alertname=\"HighLatency\"}";
  notice.resolved = resolved_ones;
  notice.group_labels = {{"alertname", "HighLatency"}};
  notice.common_labels = {{"alertname", "HighLatency"}, {"severity", "page"}};
  notice.common_annotations = {{"summary", "결제가 느립니다"}};
  notice.external_url = "https://tocsin.example";
  notice.created_at = kNoon;
  for (int i = 0; i < alerts; ++i) {
    const model::Labels labels = {
        {"alertname", "HighLatency"}, {"instance", "a" + std::to_string(i)}, {"severity", "page"}};
    model::Alert alert = fired(kNoon, labels, {{"summary", "결제가 느립니다"}}).alert;
    alert.generator_url = "https://tocsin.example/graph?g0.expr=up";
    if (resolved_ones) {
      alert.resolved_at = kNoon + std::chrono::milliseconds(90'250);
    }
    notice.alerts.push_back(std::move(alert));
  }
  return notice;
}

/// Receivers decoded from a text with the shape of tocsin.yml.
struct Decoded {
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
  std::vector<notifiers::Receiver> receivers;
};

inline Decoded decode_config(const std::string& text, const FakeFileSystem& files = {}) {
  Decoded decoded;
  const auto document = yaml::Document::parse(text, "tocsin.yml");
  if (!document) {
    decoded.problems.push_back(document.error().to_string());
    return decoded;
  }
  notifiers::Registry registry;
  if (!notifiers::add_built_in(registry)) {
    decoded.problems.emplace_back("the registry");
  }
  registry.freeze();
  yaml::Problems problems;
  notifiers::GlobalConfig global;
  const notifiers::Files where{files, "/etc/tocsin"};
  if (const yaml::Node* node = document->root().find("global"); node != nullptr) {
    yaml::MappingReader reader(*node, "global", problems);
    global = notifiers::decode_global(reader, where, problems);
    reader.finish();
  }
  if (const yaml::Node* node = document->root().find("receivers"); node != nullptr) {
    notifiers::DecodeContext context{global, where, problems};
    decoded.receivers = notifiers::decode_receivers(*node, registry, context);
  }
  for (const auto& problem : problems.errors()) {
    decoded.problems.push_back(problem.to_string());
  }
  for (const auto& warning : problems.warnings()) {
    decoded.warnings.push_back(warning.to_string());
  }
  return decoded;
}

/// The integration of the only entry of the only receiver, as its own type.
template <class T>
const T& only(const Decoded& decoded) {
  return dynamic_cast<const T&>(*decoded.receivers.at(0).integrations.at(0).integration);
}

}  // namespace tocsin::testing
