#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "async/event.h"
#include "async/task.h"
#include "base/check.h"
#include "base/result.h"

namespace tocsin::async {

/// A bounded queue between coroutines of one loop. Who must not wait pushes with try_push() and
/// loses the value, counted, when the queue is full; who may wait pushes with push().
/// The channel must outlive the coroutines that wait on it.
template <class T>
class Channel {
 public:
  Channel(boost::asio::any_io_executor executor, std::size_t capacity)
      : capacity_(capacity), filled_(executor), freed_(executor) {
    TOCSIN_CHECK(capacity > 0, "a channel holds at least one value");
  }

  /// False, and counted in dropped(), when the channel is full or closed.
  bool try_push(T value) {
    if (closed_ || values_.size() >= capacity_) {
      ++dropped_;
      return false;
    }
    values_.push_back(std::move(value));
    filled_.notify();
    return true;
  }

  /// Waits for room. kCancelled when the task is cancelled or the channel is closed.
  Task<base::Status> push(T value) {
    while (!closed_ && values_.size() >= capacity_) {
      const base::Status woken = co_await freed_.wait();
      if (!woken) {
        co_return woken;
      }
    }
    if (closed_) {
      co_return base::Error(base::ErrorCode::kCancelled, "the channel is closed");
    }
    values_.push_back(std::move(value));
    filled_.notify();
    co_return base::Status{};
  }

  /// The oldest value, waiting for one. What is queued is still given after close(); then
  /// kCancelled.
  Task<base::Result<T>> pop() {
    while (values_.empty()) {
      if (closed_) {
        co_return base::Error(base::ErrorCode::kCancelled, "the channel is closed");
      }
      const base::Status woken = co_await filled_.wait();
      if (!woken) {
        co_return woken.error();
      }
    }
    T value = std::move(values_.front());
    values_.pop_front();
    freed_.notify();
    co_return base::Result<T>(std::move(value));
  }

  void close() {
    closed_ = true;
    filled_.notify();
    freed_.notify();
  }

  std::size_t size() const { return values_.size(); }
  /// How many values try_push() has refused.
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::size_t capacity_;
  Event filled_;
  Event freed_;
  std::deque<T> values_;
  std::uint64_t dropped_ = 0;
  bool closed_ = false;
};

}  // namespace tocsin::async
