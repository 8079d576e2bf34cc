#include "promql/reader.h"

#include <algorithm>
#include <utility>

namespace tocsin::promql {

using model::Sample;

namespace {

// The first sample later than `time_ms`, searched from a guess that is seldom far off.
std::size_t first_after(std::span<const Sample> samples, std::size_t guess, std::int64_t time_ms) {
  constexpr std::size_t kNear = 8;
  if (guess > 0 && samples[guess - 1].time_ms > time_ms) {
    samples = samples.first(guess);
    guess = 0;
  } else {
    const std::size_t near = std::min(samples.size(), guess + kNear);
    while (guess < near && samples[guess].time_ms <= time_ms) {
      ++guess;
    }
    if (guess < near) {
      return guess;
    }
  }
  const auto found =
      std::ranges::upper_bound(samples.subspan(guess), time_ms, {}, &Sample::time_ms);
  return guess + static_cast<std::size_t>(found - samples.subspan(guess).begin());
}

}  // namespace

SampleReader::SampleReader(const series::Snapshot& snapshot, std::vector<Window> windows,
                           std::int64_t lookback_ms, Budget& budget)
    : snapshot_(snapshot),
      windows_(std::move(windows)),
      lookback_ms_(lookback_ms),
      budget_(budget),
      kept_(windows_.size()) {}

std::size_t SampleReader::series_count(const Selector& selector) const {
  return snapshot_.series(selector.index).size();
}

base::Status SampleReader::keep(const Selector& selector) {
  const Window& window = windows_[selector.index];
  auto& kept = kept_[selector.index];
  if (!window.repeated || kept) {
    return {};
  }
  kept.emplace();
  for (const series::PinnedSeries& series : snapshot_.series(selector.index)) {
    scratch_.clear();
    series.samples->read(window.min_ms, window.max_ms, scratch_);
    if (selector.range_ms) {
      std::erase_if(scratch_, [](const Sample& s) { return model::is_stale(s.value); });
    }
    if (scratch_.empty()) {
      continue;
    }
    kept->push_back({&series.labels, {scratch_.begin(), scratch_.end()}});
    if (auto status = budget_.spend(scratch_.size()); !status) {
      return status;
    }
    if (auto status = budget_.take(scratch_.size()); !status) {
      return status;
    }
  }
  return {};
}

std::span<const Sample> SampleReader::read_once(const series::PinnedSeries& series,
                                                std::int64_t min_ms, std::int64_t max_ms) {
  scratch_.clear();
  series.samples->read(min_ms, max_ms, scratch_);
  std::erase_if(scratch_, [](const Sample& s) { return model::is_stale(s.value); });
  return scratch_;
}

std::int64_t SampleReader::kept_instant(std::vector<Kept>& kept, std::int64_t at_ms,
                                        const OnSample& on_sample) const {
  std::int64_t until = kForever;
  for (Kept& series : kept) {
    series.end = first_after(series.samples, series.end, at_ms);
    if (series.end < series.samples.size()) {
      until = std::min(until, series.samples[series.end].time_ms - 1);
    }
    if (series.end == 0) {
      continue;
    }
    const Sample& newest = series.samples[series.end - 1];
    const std::int64_t last = newest.time_ms + lookback_ms_ - 1;
    if (at_ms <= last && !model::is_stale(newest.value)) {
      until = std::min(until, last);
      on_sample(*series.labels, newest);
    }
  }
  return until;
}

base::Result<std::int64_t> SampleReader::instant(const Selector& selector, std::int64_t at_ms,
                                                 const OnSample& on_sample) {
  if (auto status = keep(selector); !status) {
    return status.error();
  }
  if (auto& kept = kept_[selector.index]) {
    return kept_instant(*kept, at_ms, on_sample);
  }
  for (const series::PinnedSeries& series : snapshot_.series(selector.index)) {
    const auto newest = series.samples->newest(at_ms - lookback_ms_ + 1, at_ms);
    if (newest && !model::is_stale(newest->value)) {
      on_sample(series.labels, *newest);
    }
  }
  return at_ms;
}

base::Result<std::int64_t> SampleReader::kept_range(std::vector<Kept>& kept, std::int64_t min_ms,
                                                    std::int64_t max_ms, const OnRange& on_range) {
  std::int64_t until = kForever;
  for (Kept& series : kept) {
    series.begin = first_after(series.samples, series.begin, min_ms - 1);
    series.end = first_after(series.samples, std::max(series.begin, series.end), max_ms);
    if (series.begin < series.end) {
      const std::span<const Sample> all(series.samples);
      until = max_ms;
      if (auto status =
              on_range(*series.labels, all.subspan(series.begin, series.end - series.begin));
          !status) {
        return status.error();
      }
    } else if (series.end < series.samples.size()) {
      until = std::min(until, series.samples[series.end].time_ms - 1);
    }
  }
  return until;
}

base::Result<std::int64_t> SampleReader::range(const Selector& selector, std::int64_t at_ms,
                                               const OnRange& on_range) {
  if (auto status = keep(selector); !status) {
    return status.error();
  }
  const std::int64_t min_ms = at_ms - selector.range_ms.value_or(0) + 1;
  if (auto& kept = kept_[selector.index]) {
    return kept_range(*kept, min_ms, at_ms, on_range);
  }
  for (const series::PinnedSeries& series : snapshot_.series(selector.index)) {
    const auto samples = read_once(series, min_ms, at_ms);
    if (samples.empty()) {
      continue;
    }
    if (auto status = on_range(series.labels, samples); !status) {
      return status.error();
    }
  }
  return at_ms;
}

}  // namespace tocsin::promql
