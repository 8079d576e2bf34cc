#include "integration/daemon/query_rig.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tocsin::testing {

QueryRig::QueryRig() = default;

void QueryRig::start(const std::string& page, const std::string& more_config) {
  page_.set(page);
  // Long intervals: on a busy machine a poll may take a while, and a failed one parts the two.
  const std::string scrape =
      "scrape_configs:\n  - job_name: shop\n    scrape_interval: 2s\n    scrape_timeout: 2s\n"
      "    static_configs: [{targets: [\"" +
      page_.address() + "\"]}]\n";
  rig_.write("prometheus.yml", scrape);
  rig_.write("tocsin.yml", scrape + more_config +
                               "route: {receiver: log}\n"
                               "receivers: [{name: log, log_configs: [{}]}]\n");
  prometheus_ = std::make_unique<Process>(
      ProcessOptions{.argv = {"prometheus", "--config.file=" + rig_.path("prometheus.yml"),
                              "--storage.tsdb.path=" + rig_.path("tsdb"),
                              "--web.listen-address=127.0.0.1:" + std::to_string(prometheus_port_)},
                     .environment = {}});
  rig_.start_ready();
  const auto scraped = [this](std::uint16_t port) {
    const HttpMessage answer = ask(port, {.path = "/api/v1/query?query=up==1", .form = ""});
    return answer.body.find("\"value\"") != std::string::npos;
  };
  ASSERT_TRUE(eventually(20s, [&] { return scraped(rig_.port()); })) << rig_.log();
  ASSERT_TRUE(eventually(20s, [&] { return scraped(prometheus_port_); })) << prometheus_->output();
}

namespace {

/// A chunked body in one piece.
std::string without_chunks(const std::string& body) {
  std::string whole;
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t size = std::strtoul(body.c_str() + at, nullptr, 16);
    at = body.find("\r\n", at);
    if (size == 0 || at == std::string::npos) {
      break;
    }
    whole += body.substr(at + 2, size);
    at += 2 + size + 2;
  }
  return whole;
}

}  // namespace

HttpMessage QueryRig::ask(std::uint16_t port, const ApiRequest& request) const {
  HttpCall call{.port = port,
                .method = request.method,
                .target = request.path,
                .headers = {},
                .body = request.form};
  if (!request.form.empty()) {
    call.headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  HttpMessage answer = http_call(call);
  if (answer.header("transfer-encoding") == "chunked") {
    answer.body = without_chunks(answer.body);
  }
  return answer;
}

Finished QueryRig::promtool(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "promtool");
  return run_program({.argv = std::move(arguments), .environment = {}});
}

}  // namespace tocsin::testing
