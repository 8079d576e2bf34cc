#include "async/real_timers.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tocsin::async {
namespace {

namespace asio = boost::asio;

Task<base::Status> wait_for(base::MonotonicTime when) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    co_return base::Error(base::ErrorCode::kCancelled, "cancelled");
  }
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  timer.expires_at(std::chrono::steady_clock::time_point(when.time_since_epoch()));
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) {
    co_return base::Error(base::ErrorCode::kCancelled, "cancelled");
  }
  co_return base::Status{};
}

}  // namespace

Task<base::Status> RealTimers::sleep_until(base::MonotonicTime when) { return wait_for(when); }

}  // namespace tocsin::async
