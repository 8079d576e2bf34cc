#include "app/repeat_filter.h"

#include <utility>

namespace tocsin::app {

std::optional<std::uint64_t> RepeatFilter::admit(const std::string& text, base::MonotonicTime now) {
  if (!minute_ || now - *minute_ >= std::chrono::minutes(1)) {
    minute_ = now;
    in_minute_ = 0;
  }
  const auto before = said_.find(text);
  const bool repeated = before != said_.end() && now - before->second < options_.quiet;
  if (repeated || in_minute_ >= options_.burst) {
    ++left_out_;
    return std::nullopt;
  }
  if (said_.size() >= options_.max_texts) {
    std::erase_if(said_, [&](const auto& entry) { return now - entry.second >= options_.quiet; });
  }
  if (said_.size() < options_.max_texts) {
    said_[text] = now;
  }
  ++in_minute_;
  return std::exchange(left_out_, 0);
}

}  // namespace tocsin::app
