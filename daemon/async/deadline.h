#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/result.h"

namespace tocsin::async {

/// How a race against a deadline ended. When not kFinished, the work was cancelled; it has ended
/// in any case.
enum class RaceEnd : std::uint8_t { kFinished, kTimedOut };

/// Runs `work` until it ends or `deadline` passes; then it is cancelled and awaited. Exceptions of
/// the work pass through.
Task<RaceEnd> race_deadline(Timers& timers, base::MonotonicTime deadline, Task<> work);

/// Runs both until the first one ends; the other is cancelled then, and awaited. Whether `work` was
/// the first. Exceptions pass through.
Task<bool> race(Task<> work, Task<> other);

/// Runs both to their ends, at the same time. Exceptions pass through, the first one's first.
Task<> both(Task<> first, Task<> second);

/// Runs `work` where the caller's cancellation does not reach it, also when it has been asked to
/// stop already: for short clean-up that brings its own limit.
Task<> shield(Task<> work);

/// Whether the running task has been asked to stop. Loops that swallow kCancelled ask here.
Task<bool> is_cancelled();

namespace internal {
template <class T>
Task<> keep(Task<T> work, std::shared_ptr<std::optional<T>> into) {
  T value = co_await std::move(work);
  into->emplace(std::move(value));
}
}  // namespace internal

/// `work` with a limit in time: its own result, or kTimeout when the deadline passed first. A
/// result that came in together with the deadline wins unless it says kCancelled. Work that does
/// not react to cancellation holds the caller up: everything that waits here does react.
template <class T>
Task<base::Result<T>> with_deadline(Timers& timers, base::MonotonicTime deadline,
                                    Task<base::Result<T>> work) {
  auto result = std::make_shared<std::optional<base::Result<T>>>();
  Task<> keeper = internal::keep(std::move(work), result);
  const RaceEnd end = co_await race_deadline(timers, deadline, std::move(keeper));
  const bool cut =
      end == RaceEnd::kTimedOut &&
      (!result->has_value() ||
       (!(*result)->has_value() && (*result)->error().code() == base::ErrorCode::kCancelled));
  if (cut) {
    co_return base::Error(base::ErrorCode::kTimeout, "the time limit has passed");
  }
  if (!result->has_value()) {
    co_return base::Error(base::ErrorCode::kCancelled, "cancelled");
  }
  co_return std::move(**result);
}

}  // namespace tocsin::async
