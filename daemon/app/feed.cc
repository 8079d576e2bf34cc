#include "app/feed.h"

#include <algorithm>
#include <utility>

#include "app/log.h"

namespace tocsin::app {

Feed::Feed(series::Store& store, Pipeline& pipeline, Metrics& metrics, const base::Clock& clock)
    : ingester_(store), pipeline_(pipeline), metrics_(metrics), clock_(clock) {
  pipeline_.on_times_shifted([this](base::Duration delta) { ingester_.times_shifted(delta); });
}

void Feed::target_added(series::Origin origin, const sources::TargetSpec& spec) {
  ingester_.add(origin, spec, clock_.wall_now());
  live_[origin] = spec.interval;
  auto& polls = metrics_.sources_polls_total;
  counters_.try_emplace(origin, Counters{&polls.Add({{"job", spec.pool}, {"outcome", "up"}}),
                                         &polls.Add({{"job", spec.pool}, {"outcome", "failed"}})});
  announce();
}

void Feed::batch_arrived(series::Origin origin, sources::Batch batch) {
  // Sees a step of the clock before the batch does. A poll that began before one is not from the
  // future: its samples would keep later ones out.
  batch.started = std::min(batch.started, pipeline_.now());
  const sources::Ingested ingested = ingester_.ingest(origin, batch);
  if (batch.page && batch.page->layout && batch.page->layout->families()) {
    families_[origin] = batch.page->layout->families();
  }
  count(ingested);
  Counters& counters = counters_.at(origin);
  (ingested.up ? counters.succeeded : counters.failed)->Increment();
  if (ingested.up != counters.was_up) {
    counters.was_up = ingested.up;
    const sources::TargetStatus* status = ingester_.status(origin);
    const std::string url = status != nullptr ? status->spec.url : std::string();
    if (ingested.up) {
      log_info("target is up again", {{"url", url}});
    } else {
      log_warning("target is down", {{"url", url}, {"reason", ingested.error}});
    }
  }
  pipeline_.on_arrival({.origin = origin,
                        .up = ingested.up,
                        .arrived = ingested.arrived,
                        .created = ingested.created});
}

void Feed::count(const sources::Ingested& ingested) {
  metrics_.series_samples_total.Increment(static_cast<double>(ingested.stored));
  const sources::RefusedSamples& refused = ingested.refused;
  if (refused.total() == 0) {
    return;
  }
  const auto add = [this](const char* reason, std::size_t number) {
    if (number > 0) {
      metrics_.series_refused_total.Add({{"reason", reason}})
          .Increment(static_cast<double>(number));
    }
  };
  add("duplicate", refused.duplicate);
  add("out_of_order", refused.out_of_order);
  add("out_of_bounds", refused.out_of_bounds);
  add("series_limit", refused.series_limit);
  const sources::TargetStatus* status = ingester_.status(ingested.origin);
  log_warning("samples were refused",
              {{"url", status != nullptr ? status->spec.url : std::string()},
               {"duplicate", std::to_string(refused.duplicate)},
               {"out_of_order", std::to_string(refused.out_of_order)},
               {"out_of_bounds", std::to_string(refused.out_of_bounds)},
               {"series_limit", std::to_string(refused.series_limit)}});
}

void Feed::target_removed(series::Origin origin) {
  ingester_.remove(origin, clock_.wall_now());
  live_.erase(origin);
  families_.erase(origin);
  counters_.erase(origin);
  announce();
}

std::vector<api::TargetMetadata> Feed::metadata() const {
  std::vector<api::TargetMetadata> metadata;
  for (const sources::TargetStatus& status : ingester_.statuses()) {
    if (const auto found = families_.find(status.origin); found != families_.end()) {
      metadata.push_back({status.spec.labels, found->second});
    }
  }
  return metadata;
}

Feed::Reach Feed::reach() const {
  Reach reach{.targets = counters_.size()};
  for (const auto& [origin, counters] : counters_) {
    reach.failing += counters.was_up ? 0U : 1U;
  }
  return reach;
}

void Feed::announce() {
  std::vector<rules::LiveOrigin> origins;
  origins.reserve(live_.size());
  for (const auto& [origin, interval] : live_) {
    origins.push_back({origin, interval});
  }
  pipeline_.set_live_origins(std::move(origins));
}

}  // namespace tocsin::app
