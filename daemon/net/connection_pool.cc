#include "net/connection_pool.h"

namespace tocsin::net {

std::optional<Stream> ConnectionPool::take(const std::string& origin, base::MonotonicTime now) {
  const auto found = idle_.find(origin);
  if (found == idle_.end()) {
    return std::nullopt;
  }
  std::optional<Stream> taken;
  auto& waiting = found->second;
  while (!taken && !waiting.empty()) {
    Idle idle = std::move(waiting.back());
    waiting.pop_back();
    --size_;
    if (now - idle.since < limits_.idle && idle.stream.quiet()) {
      taken.emplace(std::move(idle.stream));
    }
  }
  if (waiting.empty()) {
    idle_.erase(found);
  }
  return taken;
}

void ConnectionPool::put(const std::string& origin, Stream stream, base::MonotonicTime now) {
  if (now - last_expiry_ > limits_.idle / 2) {
    expire(now);
  }
  auto& waiting = idle_[origin];
  if (waiting.size() >= limits_.per_origin) {
    waiting.pop_front();
    --size_;
  }
  if (size_ < limits_.total) {
    waiting.push_back({std::move(stream), now});
    ++size_;
  }
  if (waiting.empty()) {
    idle_.erase(origin);
  }
}

void ConnectionPool::expire(base::MonotonicTime now) {
  last_expiry_ = now;
  for (auto origin = idle_.begin(); origin != idle_.end();) {
    auto& waiting = origin->second;
    size_ -= std::erase_if(waiting, [&](const Idle& idle) {
      return now - idle.since >= limits_.idle || !idle.stream.quiet();
    });
    origin = waiting.empty() ? idle_.erase(origin) : std::next(origin);
  }
}

void ConnectionPool::clear() {
  idle_.clear();
  size_ = 0;
}

}  // namespace tocsin::net
