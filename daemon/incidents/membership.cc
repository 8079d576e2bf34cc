// Which incident an alert belongs to; see registry.h.
#include "incidents/registry.h"

namespace tocsin::incidents {

// The open incident that the alert is a part of.
const Incident* Registry::holding(std::uint64_t fingerprint, const std::string& key) const {
  const auto numbers = by_key_.find(key);
  if (numbers == by_key_.end()) {
    return nullptr;
  }
  for (auto number = numbers->second.rbegin(); number != numbers->second.rend(); ++number) {
    const Incident& incident = *incidents_.at(*number);
    if (incident.state == State::kOpen && incident.signals.contains(fingerprint)) {
      return &incident;
    }
  }
  return nullptr;
}

// The calm incident that the alert opens again: lately calm, and not older than the window that
// keeps one incident from swallowing everything.
const Incident* Registry::reopenable(base::WallTime now, std::uint64_t fingerprint,
                                     const std::string& key) const {
  const auto numbers = by_key_.find(key);
  if (numbers == by_key_.end()) {
    return nullptr;
  }
  for (auto number = numbers->second.rbegin(); number != numbers->second.rend(); ++number) {
    const Incident& incident = *incidents_.at(*number);
    if (incident.state != State::kOpen && incident.signals.contains(fingerprint)) {
      const bool fresh = now < incident.calm_from + config_.reopen_window &&
                         now < incident.window_from + config_.max_window;
      return fresh ? &incident : nullptr;
    }
  }
  return nullptr;
}

// The newest open incident of that key that still takes new alerts.
const Incident* Registry::joinable(base::WallTime now, std::string_view key) const {
  const auto numbers = by_key_.find(key);
  if (numbers == by_key_.end()) {
    return nullptr;
  }
  for (auto number = numbers->second.rbegin(); number != numbers->second.rend(); ++number) {
    const Incident& incident = *incidents_.at(*number);
    if (incident.state == State::kOpen && now < incident.window_from + config_.max_window) {
      return &incident;
    }
  }
  return nullptr;
}

}  // namespace tocsin::incidents
