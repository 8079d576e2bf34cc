#include "sources/ingester.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "sources/ingester_state.h"

namespace tocsin::sources {

Ingester::Ingester(series::Store& store) : store_(store) {}

Ingester::~Ingester() = default;

std::string_view to_string(Health health) {
  switch (health) {
    case Health::kUp:
      return "up";
    case Health::kDown:
      return "down";
    case Health::kUnknown:
      break;
  }
  return "unknown";
}

RefusedSamples& RefusedSamples::operator+=(const RefusedSamples& more) {
  duplicate += more.duplicate;
  out_of_order += more.out_of_order;
  out_of_bounds += more.out_of_bounds;
  series_limit += more.series_limit;
  return *this;
}

Ingested Ingester::add(series::Origin origin, const TargetSpec& spec, base::WallTime now) {
  Ingested ended;
  ended.origin = origin;
  auto& state = targets_[origin];
  if (state) {
    const TargetSpec& before = state->status.spec;
    const bool same_names = before.labels == spec.labels &&
                            before.honor_labels == spec.honor_labels &&
                            before.report_metrics == spec.report_metrics;
    if (same_names) {
      state->status.spec = spec;
      for (Entry& entry : state->entries) {
        entry.checked = false;  // the limits may have changed
      }
      return ended;
    }
    ended = remove(origin, now);
    return add(origin, spec, now);
  }
  state = std::make_unique<TargetState>();
  state->status.origin = origin;
  state->status.spec = spec;
  state->name_report();
  return ended;
}

Ingested Ingester::finish(Writing writing) {
  series::CommitResult committed = writing.appender.commit();
  writing.result.created = std::move(committed.created);
  writing.result.stored = committed.stored;
  writing.target.status.refused += writing.result.refused;
  return std::move(writing.result);
}

Ingested Ingester::ingest(series::Origin origin, const Batch& batch) {
  const auto found = targets_.find(origin);
  TOCSIN_CHECK(found != targets_.end(), "a batch of a target that was never added");
  TargetState& target = *found->second;
  TargetStatus& status = target.status;
  ++target.polls;
  status.samples_scraped = std::max(batch.scraped, batch.size());
  status.samples_added = batch.up ? 0 : batch.scraped;  // as Prometheus has it for malformed pages
  status.series_added = 0;

  std::string error = batch.up ? std::string() : batch.error;
  bool up = batch.up;
  std::vector<std::uint32_t> numbers;
  if (up) {
    number(target, batch, numbers);
    error = check(target, batch, numbers);
    up = error.empty();
  } else if (error.empty()) {
    error = "the poll failed without a reason";
  }

  Writing writing{.target = target, .appender = store_.appender(origin), .result = {}};
  writing.result.origin = origin;
  writing.result.up = up;
  writing.result.error = error;
  writing.result.arrived = batch.arrived;
  if (up) {
    write_samples(writing, batch, numbers);
  }
  const std::int64_t time_ms = base::to_millis(batch.started);
  end_vanished(writing, time_ms);
  write_report(writing, batch);
  target.newest_ms = std::max(target.newest_ms, time_ms);

  status.health = up ? Health::kUp : Health::kDown;
  status.last_error = std::move(error);
  status.last_scrape = batch.started;
  status.last_duration_seconds = batch.duration_seconds;
  return finish(std::move(writing));
}

void Ingester::times_shifted(base::Duration delta) {
  for (auto& [origin, target] : targets_) {
    target->newest_ms += delta.count();
  }
}

Ingested Ingester::remove(series::Origin origin, base::WallTime now) {
  const auto found = targets_.find(origin);
  if (found == targets_.end()) {
    Ingested nothing;
    nothing.origin = origin;
    return nothing;
  }
  const std::unique_ptr<TargetState> target = std::move(found->second);
  targets_.erase(found);
  Writing writing{.target = *target, .appender = store_.appender(origin), .result = {}};
  writing.result.origin = origin;
  // Behind the last sample, whatever the wall clock says, or the store would refuse it.
  const std::int64_t time_ms = std::max(base::to_millis(now), target->newest_ms + 1);
  end_report(writing, time_ms);
  ++target->polls;
  end_vanished(writing, time_ms);
  return finish(std::move(writing));
}

std::vector<TargetStatus> Ingester::statuses() const {
  std::vector<TargetStatus> all;
  all.reserve(targets_.size());
  for (const auto& [origin, target] : targets_) {
    all.push_back(target->status);
  }
  std::ranges::sort(all, [](const TargetStatus& a, const TargetStatus& b) {
    return std::tie(a.spec.pool, a.spec.id) < std::tie(b.spec.pool, b.spec.id);
  });
  return all;
}

const TargetStatus* Ingester::status(series::Origin origin) const {
  const auto found = targets_.find(origin);
  return found == targets_.end() ? nullptr : &found->second->status;
}

}  // namespace tocsin::sources
