#include "sources/ingester.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

#include "base/check.h"

namespace tocsin::sources {

namespace {

// Prometheus refuses samples that claim to be from further ahead.
constexpr std::int64_t kMaxAheadMs = 10 * 60 * 1000;

// A series that comes and goes keeps its name in memory for so many polls.
constexpr std::uint64_t kPollsToRemember = 10;

constexpr std::array<std::string_view, 5> kReportNames = {
    "up", "scrape_duration_seconds", "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling", "scrape_series_added"};

/// The key of a sample with blank labels differs from that of one without.
model::Labels key_of(const RawSample& sample) {
  if (!sample.blank_labels) {
    return sample.labels;
  }
  model::LabelsBuilder builder(sample.labels);
  for (const std::string& name : *sample.blank_labels) {
    // 0xff is no part of UTF-8, so no label of a target is called so.
    builder.set("\xff" + name, "blank");
  }
  return builder.build();
}

}  // namespace

/// One series of a target as the store knows it.
struct Ingester::Series {
  model::Labels labels;
  series::SeriesRef ref = 0;
  bool has_ref = false;
  bool checked = false;  ///< against the limits on labels
  bool live = false;     ///< the last poll had a sample, and not with a timestamp of its own
  std::uint64_t seen = 0;
};

struct Ingester::TargetState {
  TargetStatus status;
  std::unordered_map<model::Labels, Series, model::LabelsHash> series;  // by key_of()
  std::array<Series, kReportNames.size()> report;
  std::size_t live = 0;     ///< series with live == true
  std::uint64_t polls = 0;  ///< the number of the current one
  std::int64_t newest_ms = 0;

  void name_report() {
    for (std::size_t i = 0; i < report.size(); ++i) {
      model::LabelsBuilder builder(status.spec.labels);
      builder.set(model::kMetricName, kReportNames[i]);
      report[i] = Series{.labels = builder.build()};
    }
  }
};

/// One commit under way.
struct Ingester::Writing {
  TargetState& target;
  series::Appender appender;
  Ingested result;
  std::size_t still_live = 0;  ///< of those that were live before
};

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
      for (auto& [key, series] : state->series) {
        series.checked = false;  // the limits may have changed
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

Ingester::Series& Ingester::resolve(TargetState& target, const RawSample& sample) {
  const TargetSpec& spec = target.status.spec;
  model::Labels key = key_of(sample);
  const auto found = target.series.find(key);
  if (found != target.series.end()) {
    return found->second;
  }
  Series fresh;
  fresh.labels = with_target_labels(sample, spec.labels, spec.honor_labels);
  return target.series.emplace(std::move(key), std::move(fresh)).first->second;
}

std::string Ingester::prepare(TargetState& target, const Batch& batch,
                              std::vector<Series*>& series) {
  const TargetSpec& spec = target.status.spec;
  if (spec.sample_limit > 0 && batch.samples.size() > spec.sample_limit) {
    return "sample limit exceeded: " + std::to_string(batch.samples.size()) + " samples, limit " +
           std::to_string(spec.sample_limit);
  }
  series.reserve(batch.samples.size());
  for (const RawSample& sample : batch.samples) {
    Series& one = resolve(target, sample);
    if (!one.checked) {
      if (one.labels.metric_name().empty()) {
        return "a sample has no metric name (label __name__)";
      }
      std::string reason = broken_label_limit(one.labels, spec);
      if (!reason.empty()) {
        return reason;
      }
      one.checked = true;
    }
    series.push_back(&one);
  }
  return {};
}

void Ingester::write_sample(Writing& writing, Series& series, model::Sample sample) {
  auto outcome = base::Result<series::AppendOutcome>(
      base::Error(base::ErrorCode::kNotFound, "not looked up yet"));
  if (series.has_ref) {
    outcome = writing.appender.append(series.ref, sample);
  }
  // The store drops series without samples, so a remembered reference may be void.
  if (!outcome && outcome.error().code() == base::ErrorCode::kNotFound) {
    outcome = writing.appender.append(series.labels, sample);
    const auto ref = outcome ? writing.appender.find(series.labels) : std::nullopt;
    series.has_ref = ref.has_value();
    series.ref = ref.value_or(0);
  }
  RefusedSamples& refused = writing.result.refused;
  if (!outcome) {
    ++refused.series_limit;
    return;
  }
  switch (*outcome) {
    case series::AppendOutcome::kStored:
    case series::AppendOutcome::kReplaced:
    case series::AppendOutcome::kDuplicate:
      break;
    case series::AppendOutcome::kConflict:
      ++refused.duplicate;
      break;
    case series::AppendOutcome::kOutOfOrder:
      ++refused.out_of_order;
      break;
    case series::AppendOutcome::kTooOld:
      ++refused.out_of_bounds;
      break;
  }
}

void Ingester::write_samples(Writing& writing, const Batch& batch,
                             const std::vector<Series*>& series) {
  TargetState& target = writing.target;
  const std::int64_t poll_ms = base::to_millis(batch.started);
  for (std::size_t i = 0; i < series.size(); ++i) {
    const RawSample& raw = batch.samples[i];
    Series& one = *series[i];
    const bool own_time = target.status.spec.honor_timestamps && raw.time_ms.has_value();
    const std::int64_t time_ms = own_time ? *raw.time_ms : poll_ms;
    if (one.seen == 0) {
      ++target.status.series_added;
    }
    const bool first_in_batch = one.seen != target.polls;
    one.seen = target.polls;
    if (one.live && first_in_batch) {
      ++writing.still_live;
    }
    if (!one.live && !own_time) {
      one.live = true;
      ++target.live;
      ++writing.still_live;
    }
    if (time_ms > poll_ms + kMaxAheadMs) {
      ++writing.result.refused.out_of_bounds;
      continue;
    }
    write_sample(writing, one, {time_ms, raw.value});
  }
  target.status.samples_added = series.size();
}

void Ingester::end_vanished(Writing& writing, std::int64_t time_ms) {
  TargetState& target = writing.target;
  if (writing.still_live != target.live) {
    for (auto& [key, series] : target.series) {
      if (series.live && series.seen != target.polls) {
        series.live = false;
        --target.live;
        write_sample(writing, series, {time_ms, model::stale_marker()});
      }
    }
  }
  if (target.series.size() > target.live) {
    std::erase_if(target.series, [&target](const auto& entry) {
      return !entry.second.live && entry.second.seen + kPollsToRemember < target.polls;
    });
  }
}

void Ingester::write_report(Writing& writing, const Batch& batch) {
  const TargetState& target = writing.target;
  if (!target.status.spec.report_metrics) {
    return;
  }
  const std::array<double, kReportNames.size()> values = {
      writing.result.up ? 1.0 : 0.0,
      batch.duration_seconds,
      static_cast<double>(target.status.samples_scraped),
      static_cast<double>(target.status.samples_added),
      static_cast<double>(target.status.series_added),
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    write_sample(writing, writing.target.report[i], {base::to_millis(batch.started), values[i]});
  }
}

void Ingester::end_report(Writing& writing, std::int64_t time_ms) {
  if (!writing.target.status.spec.report_metrics || writing.target.polls == 0) {
    return;
  }
  for (Series& series : writing.target.report) {
    write_sample(writing, series, {time_ms, model::stale_marker()});
  }
}

Ingested Ingester::finish(Writing writing) {
  series::CommitResult committed = writing.appender.commit();
  writing.result.created = std::move(committed.created);
  writing.result.stored = committed.stored;
  return std::move(writing.result);
}

Ingested Ingester::ingest(series::Origin origin, const Batch& batch) {
  const auto found = targets_.find(origin);
  TOCSIN_CHECK(found != targets_.end(), "a batch of a target that was never added");
  TargetState& target = *found->second;
  TargetStatus& status = target.status;
  ++target.polls;
  status.samples_scraped = batch.up ? std::max(batch.scraped, batch.samples.size()) : 0;
  status.samples_added = 0;
  status.series_added = 0;

  std::string error = batch.up ? std::string() : batch.error;
  bool up = batch.up;
  std::vector<Series*> series;
  if (up) {
    error = prepare(target, batch, series);
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
    write_samples(writing, batch, series);
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
