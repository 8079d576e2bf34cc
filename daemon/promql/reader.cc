#include "promql/reader.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tocsin::promql {

using model::HistogramSample;
using model::Sample;

namespace {

// The first sample later than `time_ms`, searched from a guess that is seldom far off.
template <class Timed>
std::size_t first_after(std::span<const Timed> samples, std::size_t guess, std::int64_t time_ms) {
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
  const auto found = std::ranges::upper_bound(samples.subspan(guess), time_ms, {}, &Timed::time_ms);
  return guess + static_cast<std::size_t>(found - samples.subspan(guess).begin());
}

void drop_stale(series::Points& points) {
  auto& starts = points.float_starts;
  if (!starts.empty()) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (!model::is_stale(points.floats[i].value)) {
        starts[kept++] = starts[i];
      }
    }
    starts.resize(kept);
  }
  std::erase_if(points.floats, [](const Sample& s) { return model::is_stale(s.value); });
  std::erase_if(points.histograms,
                [](const HistogramSample& s) { return s.histogram->is_stale(); });
}

void hide_reset(model::HistogramPtr& histogram) {
  if (histogram->reset == model::CounterReset::kReset) {
    histogram = model::with_reset(histogram, model::CounterReset::kUnknown);
  }
}

}  // namespace

std::size_t weight(std::span<const HistogramSample> histograms) {
  std::size_t bytes = 0;
  for (const HistogramSample& sample : histograms) {
    bytes += sample.histogram->bytes();
  }
  return bytes / sizeof(Sample);
}

SampleReader::SampleReader(const series::Snapshot& snapshot, std::vector<Window> windows,
                           std::vector<bool> tell_resets, std::int64_t lookback_ms, Budget& budget)
    : snapshot_(snapshot),
      windows_(std::move(windows)),
      tell_resets_(std::move(tell_resets)),
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
    read(selector, series, window.min_ms, window.max_ms, !selector.range_ms);
    if (scratch_.empty()) {
      continue;
    }
    // Copied to its exact size.
    kept->push_back({&series.labels, scratch_});
    const std::size_t held = scratch_.floats.size() + weight(scratch_.histograms);
    if (auto status = budget_.spend(held); !status) {
      return status;
    }
    if (auto status = budget_.take(held); !status) {
      return status;
    }
  }
  return {};
}

void SampleReader::read(const Selector& selector, const series::PinnedSeries& series,
                        std::int64_t min_ms, std::int64_t max_ms, bool stale_markers) {
  scratch_.clear();
  if (series.samples->floats_only()) {
    series.samples->read(min_ms, max_ms, scratch_.floats);
  } else {
    series.samples->read_points(min_ms, max_ms, scratch_);
    if (!tell_resets_[selector.index]) {
      for (HistogramSample& sample : scratch_.histograms) {
        hide_reset(sample.histogram);
      }
    }
  }
  if (!stale_markers) {
    drop_stale(scratch_);
  }
}

std::int64_t SampleReader::Kept::move(std::int64_t min_ms, std::int64_t max_ms) {
  const std::span<const Sample> floats(points.floats);
  begin = first_after(floats, begin, min_ms - 1);
  end = first_after(floats, std::max(begin, end), max_ms);
  std::int64_t next = end < floats.size() ? floats[end].time_ms : kForever;
  if (const std::span<const HistogramSample> histograms(points.histograms); !histograms.empty()) {
    histograms_begin = first_after(histograms, histograms_begin, min_ms - 1);
    histograms_end = first_after(histograms, std::max(histograms_begin, histograms_end), max_ms);
    if (histograms_end < histograms.size()) {
      next = std::min(next, histograms[histograms_end].time_ms);
    }
  }
  return next;
}

SampleReader::RangeData SampleReader::Kept::data() const {
  RangeData data;
  data.samples = std::span(points.floats).subspan(begin, end - begin);
  data.histograms =
      std::span(points.histograms).subspan(histograms_begin, histograms_end - histograms_begin);
  if (!points.float_starts.empty()) {
    data.float_starts = std::span(points.float_starts).subspan(begin, end - begin);
  }
  return data;
}

std::int64_t SampleReader::kept_instant(std::vector<Kept>& kept, std::int64_t at_ms,
                                        const OnSample& on_sample) const {
  std::int64_t until = kForever;
  for (Kept& series : kept) {
    const std::int64_t next = series.move(std::numeric_limits<std::int64_t>::min() + 1, at_ms);
    if (next != kForever) {
      until = std::min(until, next - 1);
    }
    series::Point newest;
    if (series.end > 0) {
      const Sample& sample = series.points.floats[series.end - 1];
      newest = {sample.time_ms, sample.value, nullptr};
    }
    if (series.histograms_end > 0) {
      const HistogramSample& sample = series.points.histograms[series.histograms_end - 1];
      if (series.end == 0 || sample.time_ms > newest.time_ms) {
        newest = {sample.time_ms, 0, sample.histogram};
      }
    } else if (series.end == 0) {
      continue;
    }
    const std::int64_t last = newest.time_ms + lookback_ms_ - 1;
    if (at_ms <= last && !newest.is_stale()) {
      until = std::min(until, last);
      on_sample(*series.labels, std::move(newest));
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
    auto newest = series.samples->newest_point(at_ms - lookback_ms_ + 1, at_ms);
    if (newest && !newest->is_stale()) {
      if (newest->histogram && !tell_resets_[selector.index]) {
        hide_reset(newest->histogram);
      }
      on_sample(series.labels, std::move(*newest));
    }
  }
  return at_ms;
}

base::Result<std::int64_t> SampleReader::kept_range(std::vector<Kept>& kept, std::int64_t min_ms,
                                                    std::int64_t max_ms, const OnRange& on_range) {
  std::int64_t until = kForever;
  for (Kept& series : kept) {
    const std::int64_t next = series.move(min_ms, max_ms);
    if (const RangeData data = series.data(); data.size() > 0) {
      until = max_ms;
      if (auto status = on_range(*series.labels, data); !status) {
        return status.error();
      }
    } else if (next != kForever) {
      until = std::min(until, next - 1);
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
    read(selector, series, min_ms, at_ms, false);
    if (scratch_.empty()) {
      continue;
    }
    const RangeData data{scratch_.floats, scratch_.histograms, scratch_.float_starts};
    if (auto status = on_range(series.labels, data); !status) {
      return status.error();
    }
  }
  return at_ms;
}

}  // namespace tocsin::promql
