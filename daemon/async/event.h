#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "async/task.h"
#include "base/result.h"

namespace tocsin::async {

/// Wakes coroutines that wait for a condition. It remembers nothing: wait() returns at the next
/// notify(). On one loop nothing can happen between looking and waiting, so
///
///     while (queue.empty()) {
///       const base::Status woken = co_await event.wait();
///       if (!woken) { co_return woken.error(); }
///     }
///
/// misses no wake. Main loop only.
class Event {
 public:
  explicit Event(boost::asio::any_io_executor executor);
  /// Those who still wait get kCancelled.
  ~Event();
  Event(Event&&) noexcept;
  Event& operator=(Event&&) noexcept;

  /// Wakes everyone who waits now; they run later, not within this call.
  void notify();

  /// kCancelled when the task was cancelled or the event is gone.
  Task<base::Status> wait();

 private:
  struct State;
  static Task<base::Status> wait_on(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::async
