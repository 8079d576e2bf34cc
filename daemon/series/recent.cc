#include "series/recent.h"

#include <algorithm>

namespace tocsin::series {

void Recent::assign(std::span<const model::Sample> samples, std::int64_t from_ms) {
  first_ += buffer_.size() - begin_ + 1;
  begin_ = 0;
  buffer_.clear();
  for (const model::Sample& sample : samples) {
    if (!model::is_stale(sample.value)) {
      buffer_.push_back(sample);
    }
  }
  from_ms_ = from_ms;
}

void Recent::make_room() {
  // A few places more than are used, and the samples move down when these run out.
  const std::size_t held = buffer_.size() - begin_;
  if (begin_ > held / 4) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    return;
  }
  std::vector<model::Sample> larger;
  larger.reserve(held + held / 2 + 4);
  larger.assign(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.end());
  buffer_ = std::move(larger);
  begin_ = 0;
}

void Recent::push(model::Sample sample, std::int64_t keep_ms) {
  if (from_ms_ == std::numeric_limits<std::int64_t>::max()) {
    return;
  }
  while (begin_ < buffer_.size() && buffer_[begin_].time_ms < sample.time_ms - keep_ms) {
    from_ms_ = buffer_[begin_].time_ms + 1;
    ++begin_;
    ++first_;
  }
  if (model::is_stale(sample.value)) {
    return;
  }
  if (buffer_.size() == buffer_.capacity()) {
    make_room();
  }
  buffer_.push_back(sample);
}

bool Recent::replace(model::Sample sample) {
  const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(begin_);
  const auto found = std::lower_bound(
      begin, buffer_.end(), sample.time_ms,
      [](const model::Sample& at, std::int64_t time) { return at.time_ms < time; });
  if (found == buffer_.end() || found->time_ms != sample.time_ms || model::is_stale(sample.value)) {
    return false;
  }
  found->value = sample.value;
  first_ += buffer_.size() - begin_ + 1;
  return true;
}

void Recent::shift(std::int64_t delta_ms) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 2;
  for (model::Sample& sample : buffer_) {
    sample.time_ms += delta_ms;
  }
  if (from_ms_ < kFar && from_ms_ > -kFar) {
    from_ms_ += delta_ms;
  }
}

void Recent::clear() {
  first_ += buffer_.size() - begin_ + 1;
  buffer_ = {};
  begin_ = 0;
  from_ms_ = std::numeric_limits<std::int64_t>::max();
}

}  // namespace tocsin::series
