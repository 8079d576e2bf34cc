#include "notifiers/forward/forwarder.h"

#include <utility>

#include "async/deadline.h"
#include "async/event.h"
#include "notifiers/outcome.h"

namespace tocsin::notifiers::forward {
namespace {

constexpr base::Duration kStopLimit = std::chrono::seconds(2);

}  // namespace

struct Forwarder::Line {
  Line(const Alertmanagers& to, const std::string& target, const Parts& parts,
       const PlanOptions& options)
      : group(to), url(to.url(target)), plan(options), changed(parts.executor) {}

  const Alertmanagers& group;
  std::string url;
  ForwardPlan plan;
  async::Event changed;
  std::string trouble;  // why the last batch was not accepted; empty when it was
};

Forwarder::Forwarder(Config config, const Parts& parts, ForwarderOptions options)
    : config_(std::move(config)),
      parts_(parts),
      options_(std::move(options)),
      tasks_(parts.executor, [this](const std::string& task, const std::string& what) {
        if (parts_.log) {
          parts_.log(true, "task failed task=" + task + " error=" + what);
        }
      }) {
  for (const Alertmanagers& group : config_.alertmanagers) {
    for (const std::string& target : group.targets) {
      lines_.push_back(std::make_unique<Line>(group, target, parts_, options_.plan));
    }
  }
}

Forwarder::~Forwarder() = default;

void Forwarder::start() {
  for (const auto& line : lines_) {
    tasks_.spawn("forward to " + line->url, run(*line));
  }
}

async::Task<> Forwarder::stop() { co_await tasks_.stop(parts_.timers, parts_.clock, kStopLimit); }

void Forwarder::observe(const model::AlertChange& change, base::Duration interval) {
  for (const auto& line : lines_) {
    line->plan.observe(change, interval);
    line->changed.notify();
  }
}

std::uint64_t Forwarder::dropped() const {
  std::uint64_t dropped = 0;
  for (const auto& line : lines_) {
    dropped += line->plan.dropped();
  }
  return dropped;
}

async::Task<base::Status> Forwarder::wait_until_due(Line& line) {
  const std::optional<base::WallTime> next = line.plan.next_due();
  if (!next) {
    co_return co_await line.changed.wait();
  }
  const base::Duration left = *next - parts_.clock.wall_now();
  if (left.count() <= 0) {
    co_return base::Status{};
  }
  const base::MonotonicTime when = parts_.clock.monotonic_now() + left;
  async::Task<base::Status> change = line.changed.wait();
  const base::Status woken = co_await async::with_deadline(parts_.timers, when, std::move(change));
  const bool cancelled = !woken && woken.error().code() == base::ErrorCode::kCancelled;
  co_return cancelled ? woken : base::Status{};
}

async::Task<> Forwarder::run(Line& line) {
  while (true) {
    const base::Status due = co_await wait_until_due(line);
    if (!due) {
      co_return;
    }
    std::vector<Outgoing> batch = line.plan.take_due(parts_.clock.wall_now(), options_.max_batch);
    if (!batch.empty()) {
      co_await send(line, std::move(batch));
    }
    const bool cancelled = co_await async::is_cancelled();
    if (cancelled) {
      co_return;
    }
  }
}

async::Task<> Forwarder::send(Line& line, std::vector<Outgoing> batch) {
  std::string body = alerts_body(batch, options_.external_labels);
  const Outcome outcome = co_await post(line, std::move(body));
  note(line, outcome);
  if (outcome.kind == OutcomeKind::kDelivered) {
    accepted_ += batch.size();
    last_accepted_ = parts_.clock.monotonic_now();
    co_return;
  }
  failed_ += batch.size();
  if (outcome.kind == OutcomeKind::kRetry) {
    line.plan.not_accepted(batch, parts_.clock.wall_now());
  }  // Refused ones come again with the next resending, as those that were accepted.
}

async::Task<Outcome> Forwarder::post(const Line& line, std::string body) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = line.url;
  request.headers.set("Content-Type", "application/json");
  request.headers.set("User-Agent", "tocsin/" + parts_.version);
  request.body = std::move(body);
  request.max_body_bytes = 1 << 20;
  const base::Status applied = http_config::apply(line.group.http, parts_.files, request);
  if (!applied) {
    co_return retry(applied.error().to_string());
  }
  const base::MonotonicTime deadline = parts_.clock.monotonic_now() + line.group.timeout;
  const base::Result<net::HttpResponse> response =
      co_await parts_.http.send(std::move(request), deadline);
  co_return response ? from_status(*response, parts_.clock.wall_now())
                     : from_error(response.error());
}

/// One that is down for an hour is worth two lines.
void Forwarder::note(Line& line, const Outcome& outcome) {
  const std::string before = std::exchange(line.trouble, outcome.reason);
  if (!parts_.log || before == outcome.reason) {
    return;
  }
  if (outcome.kind == OutcomeKind::kDelivered) {
    parts_.log(false, "alerts are accepted again alertmanager=" + line.url);
  } else {
    parts_.log(true,
               "alerts were not accepted alertmanager=" + line.url + " error=" +
                   redact(outcome.reason, http_config::secrets(line.group.http, parts_.files)));
  }
}

}  // namespace tocsin::notifiers::forward
