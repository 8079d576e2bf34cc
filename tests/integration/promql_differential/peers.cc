#include "integration/promql_differential/peers.h"

#include <fstream>

#include "base/text.h"
#include "integration/promql_differential/remote_write.h"
#include "net/url.h"
#include "support/eventually.h"
#include "support/network.h"

namespace tocsin::differential {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::chrono::seconds kStart{30};
constexpr std::chrono::seconds kAnswer{120};

Error gave_up(const std::string& what, const testing::Process& process) {
  return {ErrorCode::kUnavailable, what + ":\n" + process.output()};
}

std::string form_of(const Question& question) {
  const auto seconds = [](std::int64_t milliseconds) {
    return base::format_number(static_cast<double>(milliseconds) / 1000);
  };
  net::QueryParameters form = {{"query", question.expression}};
  if (question.range) {
    form.emplace_back("start", seconds(question.start_ms));
    form.emplace_back("end", seconds(question.end_ms));
    form.emplace_back("step", seconds(question.step_ms));
  } else {
    form.emplace_back("time", seconds(question.start_ms));
  }
  return net::format_query(form);
}

}  // namespace

bool Peers::available() {
  return testing::run_program({.argv = {"prometheus", "--version"}, .environment = {}}).exit_code ==
         0;
}

Peers::Peers()
    : client_(loop_.get_executor(), clock_, timers_),
      tasks_(loop_.get_executor(),
             [this](const std::string&, const std::string& what) { failure_ = what; }) {}

Peers::~Peers() = default;

base::Result<std::unique_ptr<Peers>> Peers::start(const std::vector<SeriesData>& series) {
  std::unique_ptr<Peers> peers(new Peers);
  const base::Status filled = peers->fill(series);
  if (!filled) {
    return filled.error();
  }
  return peers;
}

base::Status Peers::wait_for_prometheus() {
  const std::uint16_t port = testing::free_port();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  std::ofstream(folder_.path() + "/prometheus.yml") << "global: {evaluation_interval: 1m}\n";
  prometheus_ = std::make_unique<testing::Process>(testing::ProcessOptions{
      .argv = {"prometheus", "--config.file=" + folder_.path() + "/prometheus.yml",
               "--storage.tsdb.path=" + folder_.path() + "/data", "--web.listen-address=" + address,
               "--web.enable-remote-write-receiver",
               "--enable-feature=promql-negative-offset,promql-at-modifier",
               "--query.max-samples=50000000"},
      .environment = {}});
  const bool ready = testing::eventually(kStart, [port] {
    return testing::http_call({.port = port, .target = "/-/ready", .headers = {}, .body = {}})
               .status == 200;
  });
  if (!ready) {
    return gave_up("Prometheus does not start", *prometheus_);
  }
  their_url_ = "http://" + address;
  return {};
}

base::Status Peers::fill(const std::vector<SeriesData>& series) {
  const std::string file = folder_.path() + "/series";
  std::ofstream(file) << write_series(series);
  tocsin_ = std::make_unique<testing::Process>(testing::ProcessOptions{
      .argv = {TOCSIN_BINARY_DIR "/tests/promql_server", file}, .environment = {}});
  base::Status started = wait_for_prometheus();
  if (!started) {
    return started;
  }
  const std::string_view word = "listening on ";
  testing::eventually(kStart, [this, word] {
    const std::string output = tocsin_->output();
    const std::size_t at = output.find(word);
    const std::size_t end = output.find('\n', at);
    if (at != std::string::npos && end != std::string::npos) {
      our_url_ = "http://" + output.substr(at + word.size(), end - at - word.size());
    }
    return !our_url_.empty() || !tocsin_->running();
  });
  if (our_url_.empty()) {
    return gave_up("promql_server does not start", *tocsin_);
  }
  base::Status pushed;
  tasks_.spawn("push", push(series, pushed));
  run();
  return pushed;
}

async::Task<> Peers::push(const std::vector<SeriesData>& series, base::Status& out) {
  out = co_await send_series(client_, clock_, their_url_ + "/api/v1/write", series);
}

async::Task<> Peers::fetch(std::string url, std::string form,
                           std::optional<base::Result<Answer>>& out) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = std::move(form);
  const base::MonotonicTime deadline = clock_.monotonic_now() + kAnswer;
  const base::Result<net::HttpResponse> response =
      co_await client_.send(std::move(request), deadline);
  if (response) {
    out = read_answer(response->body);
  } else {
    out = base::Result<Answer>(response.error());
  }
}

void Peers::run() {
  loop_.restart();
  while (tasks_.size() > 0 && loop_.run_one() > 0) {
  }
}

base::Result<Answers> Peers::ask(const Question& question) {
  const std::string path = question.range ? "/api/v1/query_range" : "/api/v1/query";
  const std::string form = form_of(question);
  std::optional<base::Result<Answer>> theirs;
  std::optional<base::Result<Answer>> ours;
  tasks_.spawn("theirs", fetch(their_url_ + path, form, theirs));
  tasks_.spawn("ours", fetch(our_url_ + path, form, ours));
  run();
  for (const auto* answer : {&theirs, &ours}) {
    if (!answer->has_value()) {
      return Error(ErrorCode::kInternal, failure_);
    }
    if (!**answer) {
      Error error = (*answer)->error();
      return std::move(error).context(answer == &theirs ? "Prometheus" : "tocsin");
    }
  }
  return Answers{std::move(**theirs), std::move(**ours)};
}

}  // namespace tocsin::differential
