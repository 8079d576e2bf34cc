#include "promql/reader.h"

#include <algorithm>
#include <utility>

namespace tocsin::promql {

using model::Sample;

base::Status SampleBudget::take(std::size_t count) {
  held_ += count;
  if (held_ > limit_) {
    return base::Error(base::ErrorCode::kLimitExceeded,
                       "query processing would load too many samples into memory in query "
                       "execution");
  }
  return {};
}

SampleReader::SampleReader(const series::Snapshot& snapshot, std::vector<Window> windows,
                           std::int64_t lookback_ms, SampleBudget& budget)
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
    kept->emplace_back(scratch_.begin(), scratch_.end());
    if (auto status = budget_.take(scratch_.size()); !status) {
      return status;
    }
  }
  return {};
}

std::span<const Sample> SampleReader::read(const Selector& selector, std::size_t series,
                                           std::int64_t min_ms, std::int64_t max_ms) {
  if (const auto& kept = kept_[selector.index]) {
    const std::vector<Sample>& all = (*kept)[series];
    const auto begin = std::ranges::lower_bound(all, min_ms, {}, &Sample::time_ms);
    const auto end = std::ranges::upper_bound(begin, all.end(), max_ms, {}, &Sample::time_ms);
    return {begin, end};
  }
  scratch_.clear();
  snapshot_.series(selector.index)[series].samples->read(min_ms, max_ms, scratch_);
  if (selector.range_ms) {
    std::erase_if(scratch_, [](const Sample& s) { return model::is_stale(s.value); });
  }
  return scratch_;
}

base::Status SampleReader::instant(const Selector& selector, std::int64_t at_ms,
                                   const OnSample& on_sample) {
  if (auto status = keep(selector); !status) {
    return status;
  }
  const auto list = snapshot_.series(selector.index);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto samples = read(selector, i, at_ms - lookback_ms_ + 1, at_ms);
    if (!samples.empty() && !model::is_stale(samples.back().value)) {
      on_sample(list[i].labels, samples.back());
    }
  }
  return {};
}

base::Status SampleReader::range(const Selector& selector, std::int64_t at_ms,
                                 const OnRange& on_range) {
  if (auto status = keep(selector); !status) {
    return status;
  }
  const auto list = snapshot_.series(selector.index);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto samples = read(selector, i, at_ms - selector.range_ms.value_or(0) + 1, at_ms);
    if (samples.empty()) {
      continue;
    }
    if (auto status = on_range(list[i].labels, samples); !status) {
      return status;
    }
  }
  return {};
}

}  // namespace tocsin::promql
