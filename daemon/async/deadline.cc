#include "async/deadline.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace tocsin::async {
namespace {

namespace asio = boost::asio;

/// A branch of the race is a coroutine thread of its own: it must see cancellation as an outcome,
/// not as an exception.
Task<> run_branch(Task<> work) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(work);
}

Task<> run_timer(Timers& timers, base::MonotonicTime deadline, bool& passed) {
  const base::Status slept = co_await timers.sleep_until(deadline);
  passed = slept.has_value();
}

}  // namespace

Task<RaceEnd> race_deadline(Timers& timers, base::MonotonicTime deadline, Task<> work) {
  bool passed = false;
  Task<> timer = run_timer(timers, deadline, passed);
  const bool first = co_await race(std::move(work), std::move(timer));
  co_return !first && passed ? RaceEnd::kTimedOut : RaceEnd::kFinished;
}

Task<bool> race(Task<> work, Task<> other) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return true;
  }
  const auto executor = co_await asio::this_coro::executor;
  Task<> work_branch = run_branch(std::move(work));
  Task<> other_branch = run_branch(std::move(other));
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, std::move(work_branch), asio::deferred),
      asio::co_spawn(executor, std::move(other_branch), asio::deferred));
  const auto [order, work_error, other_error] =
      co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (work_error) {
    std::rethrow_exception(work_error);
  }
  if (other_error) {
    std::rethrow_exception(other_error);
  }
  co_return order[0] == 0;
}

Task<> both(Task<> first, Task<> second) {
  const auto executor = co_await asio::this_coro::executor;
  Task<> first_branch = run_branch(std::move(first));
  Task<> second_branch = run_branch(std::move(second));
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, std::move(first_branch), asio::deferred),
      asio::co_spawn(executor, std::move(second_branch), asio::deferred));
  const auto [order, first_error, second_error] =
      co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  if (first_error) {
    std::rethrow_exception(first_error);
  }
  if (second_error) {
    std::rethrow_exception(second_error);
  }
}

Task<> shield(Task<> work) {
  const auto executor = co_await asio::this_coro::executor;
  Task<> branch = run_branch(std::move(work));
  const asio::cancellation_slot none;
  co_await asio::co_spawn(executor, std::move(branch),
                          asio::bind_cancellation_slot(none, asio::use_awaitable));
}

Task<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace tocsin::async
