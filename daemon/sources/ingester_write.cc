// How a batch gets into the store.
#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "sources/ingester_state.h"

namespace tocsin::sources {

namespace {

/// The labels that a sample is stored under.
model::Labels labels_of(const TargetSpec& spec, const Batch& batch, std::size_t place) {
  if (!batch.page) {
    return with_target_labels(batch.samples[place], spec.labels, spec.honor_labels);
  }
  const ScrapedPage& page = *batch.page;
  exposition::StatedLabels stated = page.layout->labels(page.body, page.samples.samples[place]);
  RawSample sample;
  sample.labels = std::move(stated.labels);
  if (!stated.blank.empty()) {
    sample.blank_labels = std::make_shared<const std::vector<std::string>>(std::move(stated.blank));
  }
  return with_target_labels(sample, spec.labels, spec.honor_labels);
}

double value_of(const Batch& batch, std::size_t place) {
  return batch.page ? batch.page->samples.samples[place].value : batch.samples[place].value;
}

std::optional<std::int64_t> time_of(const Batch& batch, std::size_t place) {
  if (!batch.page) {
    return batch.samples[place].time_ms;
  }
  const std::vector<std::int64_t>& times = batch.page->samples.times;
  return times.empty() || times[place] == exposition::kNoTime ? std::nullopt
                                                              : std::optional(times[place]);
}

bool limits_labels(const TargetSpec& spec) {
  return spec.label_limit > 0 || spec.label_name_length_limit > 0 ||
         spec.label_value_length_limit > 0;
}

void count(RefusedSamples& refused, series::AppendOutcome outcome) {
  switch (outcome) {
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

}  // namespace

/// Gives each sample the number of its series.
void Ingester::number(TargetState& target, const Batch& batch,
                      std::vector<std::uint32_t>& numbers) {
  std::vector<std::uint32_t> fresh;
  const auto layout = batch.page ? batch.page->layout : nullptr;
  const std::uint64_t page = batch.page ? batch.page->samples.page : 0;
  if (layout != target.layout || (layout && page != target.page + 1)) {
    target.renew_all();
    target.raw = {};
  }
  target.layout = layout;
  target.page = page;
  numbers.reserve(batch.size());
  if (layout) {
    for (const exposition::PageSample& sample : batch.page->samples.samples) {
      numbers.push_back(sample.series);
    }
  } else {
    target.raw.begin(fresh);
    for (const RawSample& sample : batch.samples) {
      numbers.push_back(target.raw.number_of(sample));
    }
    target.raw.end();
  }
  target.entries.resize(layout ? layout->series_end() : target.raw.series_end());
  for (const std::uint32_t one : layout ? batch.page->samples.fresh : fresh) {
    target.renew(target.entries[one]);
  }
}

std::string Ingester::check(TargetState& target, const Batch& batch,
                            const std::vector<std::uint32_t>& numbers) const {
  const TargetSpec& spec = target.status.spec;
  if (spec.sample_limit > 0 && batch.size() > spec.sample_limit) {
    return "sample limit exceeded: " + std::to_string(batch.size()) + " samples, limit " +
           std::to_string(spec.sample_limit);
  }
  const bool limited = limits_labels(spec);
  if (!limited && batch.page) {
    return {};
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Entry& entry = target.entries[numbers[i]];
    if (entry.checked) {
      continue;
    }
    if (!batch.page && batch.samples[i].labels.metric_name().empty()) {
      return "a sample has no metric name (label __name__)";
    }
    std::string reason = limited ? broken_label_limit(labels_of(spec, batch, i), spec) : "";
    if (!reason.empty()) {
      return reason;
    }
    entry.checked = true;
  }
  return {};
}

void Ingester::write_new(Writing& writing, Entry& entry, const model::Labels& labels,
                         model::Sample sample) {
  const auto outcome = writing.appender.append(labels, sample);
  if (!outcome) {
    ++writing.result.refused.series_limit;
    return;
  }
  count(writing.result.refused, *outcome);
  entry.ref = writing.appender.find(labels).value_or(0);
}

void Ingester::write_samples(Writing& writing, const Batch& batch,
                             const std::vector<std::uint32_t>& numbers) {
  TargetState& target = writing.target;
  const TargetSpec& spec = target.status.spec;
  const std::int64_t poll_ms = base::to_millis(batch.started);
  known_.clear();
  known_places_.clear();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Entry& entry = target.entries[numbers[i]];
    const auto stated = spec.honor_timestamps ? time_of(batch, i) : std::nullopt;
    if (entry.seen == 0) {
      ++target.status.series_added;
    }
    if (entry.live && entry.seen != target.polls) {
      if (stated) {
        target.end(entry);  // whoever states times says himself when a series ends
      } else {
        ++writing.still_live;
      }
    }
    entry.seen = target.polls;
    if (!entry.live && !stated) {
      entry.live = true;
      ++target.live;
      ++writing.still_live;
    }
    const model::Sample sample{stated.value_or(poll_ms), value_of(batch, i)};
    if (sample.time_ms > poll_ms + kMaxAheadMs) {
      ++writing.result.refused.out_of_bounds;
    } else if (entry.ref == 0) {
      write_new(writing, entry, labels_of(spec, batch, i), sample);
    } else {
      known_.push_back({entry.ref, sample});
      known_places_.push_back(static_cast<std::uint32_t>(i));
    }
  }
  target.status.samples_added = numbers.size();
  refusals_.clear();
  writing.appender.append_all(known_, refusals_);
  for (const series::Refusal& refusal : refusals_) {
    if (refusal.outcome) {
      count(writing.result.refused, *refusal.outcome);
      continue;
    }
    const std::size_t place = known_places_[refusal.index];
    write_new(writing, target.entries[numbers[place]], labels_of(spec, batch, place),
              known_[refusal.index].sample);
  }
}

/// Marks what has no sample any more. What the store has dropped needs no mark.
void Ingester::end_vanished(Writing& writing, std::int64_t time_ms) {
  TargetState& target = writing.target;
  const model::Sample marker{time_ms, model::stale_marker()};
  known_.clear();
  if (!target.left_behind.empty()) {
    std::unordered_set<series::SeriesRef> shown;
    for (const Entry& entry : target.entries) {
      if (entry.live && entry.seen == target.polls) {
        shown.insert(entry.ref);
      }
    }
    for (const series::SeriesRef ref : target.left_behind) {
      if (!shown.contains(ref)) {
        known_.push_back({ref, marker});
      }
    }
    target.left_behind.clear();
  }
  if (writing.still_live != target.live) {
    for (Entry& entry : target.entries) {
      if (entry.live && entry.seen != target.polls) {
        entry.live = false;
        --target.live;
        known_.push_back({entry.ref, marker});
      }
    }
  }
  refusals_.clear();
  writing.appender.append_all(known_, refusals_);
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
    write_report(writing, writing.target.report[i], {base::to_millis(batch.started), values[i]});
  }
}

void Ingester::write_report(Writing& writing, Report& report, model::Sample sample) {
  auto outcome = base::Result<series::AppendOutcome>(
      base::Error(base::ErrorCode::kNotFound, "not looked up yet"));
  if (report.ref != 0) {
    outcome = writing.appender.append(report.ref, sample);
  }
  if (!outcome && outcome.error().code() == base::ErrorCode::kNotFound) {
    outcome = writing.appender.append(report.labels, sample);
    report.ref = writing.appender.find(report.labels).value_or(0);
  }
  if (outcome) {
    count(writing.result.refused, *outcome);
  } else {
    ++writing.result.refused.series_limit;
  }
}

void Ingester::end_report(Writing& writing, std::int64_t time_ms) {
  if (!writing.target.status.spec.report_metrics || writing.target.polls == 0) {
    return;
  }
  for (Report& report : writing.target.report) {
    write_report(writing, report, {time_ms, model::stale_marker()});
  }
}

}  // namespace tocsin::sources
