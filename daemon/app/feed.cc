#include "app/feed.h"

#include <algorithm>
#include <utility>

#include "app/log.h"

namespace tocsin::app {
namespace {

// The manager counts targets from 1.
constexpr series::Origin kRemoteWriteOrigin = 0xffff0001;
constexpr series::Origin kTextOrigin = 0xffff0002;

// Metadata of more pushed families than this is not kept.
constexpr std::size_t kMaxPushedFamilies = 20'000;

}  // namespace

Feed::Feed(series::Store& store, Pipeline& pipeline, Metrics& metrics, const base::Clock& clock)
    : store_(store),
      ingester_(store),
      pipeline_(pipeline),
      metrics_(metrics),
      clock_(clock),
      pages_{&metrics.sources_pages_total.Add({{"layout", "new"}}),
             &metrics.sources_pages_total.Add({{"layout", "same"}}),
             &metrics.sources_pages_total.Add({{"layout", "changed"}})},
      lines_known_(metrics.sources_lines_total.Add({{"read", "known"}})),
      lines_parsed_(metrics.sources_lines_total.Add({{"read", "parsed"}})) {
  pipeline_.on_times_shifted([this](base::Duration delta) { ingester_.times_shifted(delta); });
}

void Feed::target_added(series::Origin origin, const sources::TargetSpec& spec) {
  ingester_.add(origin, spec, clock_.wall_now());
  live_[origin] = spec.interval;
  sharpening_.add(origin, spec.interval, spec.sharpen, clock_.monotonic_now());
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
  const sources::TargetStatus* status = ingester_.status(origin);
  const std::string url = status != nullptr ? status->spec.url : std::string();
  if (batch.page && batch.page->layout && batch.page->layout->families()) {
    families_[origin] = batch.page->layout->families();
  }
  if (batch.page) {
    count(batch.page->samples);
  }
  count(ingested, url);
  Counters& counters = counters_.at(origin);
  (ingested.up ? counters.succeeded : counters.failed)->Increment();
  if (ingested.up != counters.was_up) {
    counters.was_up = ingested.up;
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
  if (status != nullptr && status->spec.sharpen) {
    sharpening_.poll_ended(origin, ingested.up, pipeline_.wants_sharper(origin),
                           clock_.monotonic_now());
  }
}

sources::PushOutcome Feed::pushed(PushKind kind, const sources::Pushed& samples,
                                  base::MonotonicTime arrived) {
  const bool remote_write = kind == PushKind::kRemoteWrite;
  const series::Origin origin = remote_write ? kRemoteWriteOrigin : kTextOrigin;
  sources::PushOutcome outcome = sources::write_pushed(store_, origin, samples, pipeline_.now());
  const sources::Ingested& ingested = outcome.ingested;
  learn(samples.families);
  count(ingested, remote_write ? "/api/v1/write" : "/tocsin/v1/push");
  if (ingested.stored > 0) {
    live_.try_emplace(origin, base::Duration{0});
    pipeline_.on_arrival({.origin = origin,
                          .up = true,
                          .arrived = arrived,
                          .created = ingested.created,
                          .touched = outcome.touched});
  }
  return outcome;
}

void Feed::learn(const std::vector<exposition::Family>& families) {
  for (const exposition::Family& family : families) {
    auto found = pushed_families_.find(family.name);
    if (found == pushed_families_.end()) {
      if (pushed_families_.size() >= kMaxPushedFamilies) {
        continue;
      }
      found = pushed_families_.emplace(family.name, exposition::Family{}).first;
    }
    if (found->second != family) {
      found->second = family;
      pushed_list_.reset();
    }
  }
}

void Feed::count(const exposition::PageSamples& page) {
  pages_[static_cast<std::size_t>(page.laid)]->Increment();
  lines_parsed_.Increment(static_cast<double>(page.parsed));
  lines_known_.Increment(static_cast<double>(page.samples.size() - page.parsed));
}

void Feed::count(const sources::Ingested& ingested, const std::string& from) {
  metrics_.series_samples_total.Increment(static_cast<double>(ingested.stored));
  const sources::RefusedSamples& refused = ingested.refused;
  if (refused.total() == 0) {
    return;
  }
  std::string reasons;
  const auto add = [&](const char* reason, std::size_t number) {
    if (number > 0) {
      reasons += std::string(" ") + reason;
      metrics_.series_refused_total.Add({{"reason", reason}})
          .Increment(static_cast<double>(number));
    }
  };
  add("duplicate", refused.duplicate);
  add("out_of_order", refused.out_of_order);
  add("out_of_bounds", refused.out_of_bounds);
  add("series_limit", refused.series_limit);
  // Who sends what cannot be taken sends it again and again.
  if (const auto left_out = repeated_.admit(from + reasons, clock_.monotonic_now())) {
    log_warning("samples were refused", {{"from", from},
                                         {"duplicate", std::to_string(refused.duplicate)},
                                         {"out_of_order", std::to_string(refused.out_of_order)},
                                         {"out_of_bounds", std::to_string(refused.out_of_bounds)},
                                         {"series_limit", std::to_string(refused.series_limit)},
                                         {"left_out_before", std::to_string(*left_out)}});
  }
}

void Feed::target_removed(series::Origin origin) {
  ingester_.remove(origin, clock_.wall_now());
  live_.erase(origin);
  sharpening_.remove(origin, clock_.monotonic_now());
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
  if (!pushed_families_.empty()) {
    if (!pushed_list_) {
      std::vector<exposition::Family> list;
      list.reserve(pushed_families_.size());
      for (const auto& [name, family] : pushed_families_) {
        list.push_back(family);
      }
      pushed_list_ = std::make_shared<const std::vector<exposition::Family>>(std::move(list));
    }
    metadata.push_back({model::Labels(), pushed_list_});
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
  pipeline_.set_live_origins(origins);
}

}  // namespace tocsin::app
