#include "integration/daemon/rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

namespace tocsin::testing {

std::string tocsin_binary() { return std::string(TOCSIN_BINARY_DIR) + "/tocsin"; }

Finished tocsin(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), tocsin_binary());
  return run_program({.argv = std::move(arguments), .environment = {}});
}

const boost::json::value& at(const boost::json::value& value, std::string_view pointer) {
  static const boost::json::value kNone;
  boost::json::error_code failed;
  const boost::json::value* found = value.find_pointer(pointer, failed);
  return found == nullptr ? kNone : *found;
}

std::string text_at(const boost::json::value& value, std::string_view pointer) {
  const boost::json::value& found = at(value, pointer);
  if (found.is_null()) {
    return {};
  }
  return found.is_string() ? std::string(found.get_string()) : boost::json::serialize(found);
}

std::size_t count_at(const boost::json::value& value, std::string_view pointer) {
  const boost::json::value& found = at(value, pointer);
  return found.is_array() ? found.get_array().size() : 0;
}

SmallDisk::SmallDisk(const std::string& folder, std::size_t bytes) : folder_(folder + "/small") {
  const std::string script =
      "mkdir -p \"$0\" && mount -t tmpfs -o size=\"$1\" small \"$0\" && echo mounted && "
      "exec sleep infinity";
  holder_ = std::make_unique<Process>(
      ProcessOptions{.argv = {"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script,
                              folder_, std::to_string(bytes)},
                     .environment = {}});
  eventually(20s, [this] {
    mounted_ = holder_->output() == "mounted\n";
    return mounted_ || !holder_->running();
  });
}

std::vector<std::string> SmallDisk::enter(std::vector<std::string> argv) const {
  const std::vector<std::string> prefix = {"nsenter", "--user",   "--preserve-credentials",
                                           "--mount", "--target", std::to_string(holder_->pid())};
  argv.insert(argv.begin(), prefix.begin(), prefix.end());
  return argv;
}

void SmallDisk::fill() const {
  // Large pieces first, then what is left of the last page.
  const std::string script =
      "dd if=/dev/zero of=\"$0\" bs=4096 2>&1; echo x >>\"$0\".more; test -s \"$0\"";
  const Finished ran =
      run_program({.argv = enter({"sh", "-c", script, path("filler")}), .environment = {}});
  EXPECT_NE(ran.output.find("No space left on device"), std::string::npos) << ran.output;
}

void SmallDisk::free() const {
  run_program(
      {.argv = enter({"rm", "-f", path("filler"), path("filler.more")}), .environment = {}});
}

Rig::Rig() = default;

std::string Rig::database() const {
  return disk_ == nullptr ? path("tocsin.db") : disk_->path("tocsin.db");
}

void Rig::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name)) << text;
}

std::string Rig::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path(name)).rdbuf();
  return text.str();
}

void Rig::start(std::vector<std::string> more, std::map<std::string, std::string> environment) {
  std::vector<std::string> argv = {tocsin_binary(),    "run",       "--config",
                                   path("tocsin.yml"), "--storage", "sqlite:" + database()};
  if (std::ranges::find(more, "--listen") == more.end()) {
    argv.insert(argv.end(), {"--listen", "127.0.0.1:" + std::to_string(port_)});
  }
  argv.insert(argv.end(), more.begin(), more.end());
  if (disk_ != nullptr) {
    argv = disk_->enter(std::move(argv));
  }
  process_.reset();
  process_ = std::make_unique<Process>(
      ProcessOptions{.argv = std::move(argv), .environment = std::move(environment)});
}

void Rig::start_ready(std::vector<std::string> more,
                      std::map<std::string, std::string> environment) {
  start(std::move(more), std::move(environment));
  ASSERT_TRUE(eventually(20s, [this] {
    return !process_->running() || get("/-/ready").status == 200;
  })) << log();
  ASSERT_TRUE(process_->running()) << log();
}

std::optional<int> Rig::stop(std::chrono::milliseconds limit) {
  process_->signal(SIGTERM);
  return process_->wait(limit);
}

HttpMessage Rig::get(const std::string& target, std::map<std::string, std::string> headers) const {
  return http_call({.port = port_, .target = target, .headers = std::move(headers), .body = ""});
}

HttpMessage Rig::post(const std::string& target) const {
  return http_call({.port = port_, .method = "POST", .target = target, .headers = {}, .body = ""});
}

boost::json::value Rig::json(const std::string& target) const {
  boost::json::error_code failed;
  boost::json::value value = boost::json::parse(get(target).body, failed);
  return failed ? boost::json::value() : value;
}

std::optional<double> Rig::query(const std::string& expression) const {
  const boost::json::value answer = json("/api/v1/query?query=" + percent_encode(expression));
  const std::string value = text_at(answer, "/data/result/0/value/1");
  if (value.empty()) {
    return std::nullopt;
  }
  return std::strtod(value.c_str(), nullptr);
}

std::string Rig::alert_state(const std::string& alertname) const {
  const boost::json::value answer = json("/api/v1/alerts");
  const boost::json::value& alerts = at(answer, "/data/alerts");
  if (alerts.is_array()) {
    for (const boost::json::value& alert : alerts.get_array()) {
      if (text_at(alert, "/labels/alertname") == alertname) {
        return text_at(alert, "/state");
      }
    }
  }
  return {};
}

boost::json::value Rig::target(const std::string& part) const {
  const boost::json::value answer = json("/api/v1/targets");
  const boost::json::value& targets = at(answer, "/data/activeTargets");
  if (targets.is_array()) {
    for (const boost::json::value& target : targets.get_array()) {
      if (text_at(target, "/scrapeUrl").find(part) != std::string::npos) {
        return target;
      }
    }
  }
  return {};
}

boost::json::array Rig::incidents() const {
  const boost::json::value answer = json("/tocsin/v1/incidents");
  const boost::json::value& incidents = at(answer, "/data/incidents");
  return incidents.is_array() ? incidents.get_array() : boost::json::array();
}

std::optional<double> Rig::metric(const std::string& series) const {
  std::istringstream page(get("/metrics").body);
  std::string line;
  while (std::getline(page, line)) {
    if (line.starts_with(series + " ")) {
      return std::strtod(line.c_str() + series.size(), nullptr);
    }
  }
  return std::nullopt;
}

boost::json::array Rig::sql(const std::string& statement) const {
  // The daemon locks its files for itself, so that a copy is read. One that was torn by a
  // checkpoint shows itself by an error; then the next one is whole.
  const std::string copy =
      "cd \"$0\" && rm -f copy.db copy.db-wal && cp \"$2\" copy.db && "
      "{ cp \"$2\"-wal copy.db-wal 2>/dev/null || true; } && sqlite3 -json copy.db \"$1\"";
  std::vector<std::string> argv = {"sh", "-c", copy, folder(), statement, database()};
  if (disk_ != nullptr) {
    argv = disk_->enter(std::move(argv));
  }
  Finished ran;
  eventually(2s, [&] {
    ran = run_program({.argv = argv, .environment = {}});
    return ran.exit_code == 0;
  });
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  boost::json::error_code failed;
  const boost::json::value rows = boost::json::parse(ran.output, failed);
  return rows.is_array() ? rows.get_array() : boost::json::array();
}

std::vector<Heard> heard(const std::vector<HttpMessage>& requests) {
  std::vector<Heard> notices;
  for (const HttpMessage& request : requests) {
    const std::string key = request.header("idempotency-key");
    const auto known = std::ranges::find(notices, key, &Heard::key);
    if (known != notices.end()) {
      ++known->times;
      continue;
    }
    boost::json::error_code failed;
    const boost::json::value body = boost::json::parse(request.body, failed);
    Heard notice{.key = key, .status = text_at(body, "/status"), .firing = {}, .resolved = {}};
    for (std::size_t i = 0; i < count_at(body, "/alerts"); ++i) {
      const boost::json::value& alert = at(body, "/alerts/" + std::to_string(i));
      (text_at(alert, "/status") == "resolved" ? notice.resolved : notice.firing)
          .push_back(text_at(alert, "/labels/alertname"));
    }
    notices.push_back(std::move(notice));
  }
  return notices;
}

std::vector<Heard> heard(const HttpSink& sink) { return heard(sink.requests()); }

bool was_told(const HttpSink& sink, const std::string& status, const std::string& alertname) {
  const std::vector<Heard> notices = heard(sink);
  return std::ranges::any_of(notices, [&](const Heard& notice) {
    const auto& names = status == "resolved" ? notice.resolved : notice.firing;
    return std::ranges::find(names, alertname) != names.end();
  });
}

std::string webhook_route(const std::string& url, const std::string& more,
                          const std::string& group_by) {
  return R"(
route:
  receiver: people
  group_by: [)" +
         group_by + R"(]
  group_wait: 0s
  group_interval: 200ms
  repeat_interval: 1h
receivers:
  - name: people
    webhook_configs:
      - {url: ")" +
         url + "\", send_resolved: true}\n" + more;
}

std::string scrape_job(const std::string& name, const std::string& address,
                       const std::string& more) {
  return "  - job_name: " + name +
         "\n    scrape_interval: 200ms\n    scrape_timeout: 200ms\n"
         "    static_configs:\n      - targets: [\"" +
         address + "\"]\n" + more;
}

}  // namespace tocsin::testing
