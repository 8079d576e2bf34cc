#include "async/event.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <optional>

namespace tocsin::async {

namespace asio = boost::asio;

/// A timer that never fires; to wake is to cancel its waits. The generation tells a wake from the
/// cancellation of one waiter. The end of the event ends the timer and so its waits: unlike
/// cancel(), that cannot throw. Waiters keep the rest.
struct Event::State {
  explicit State(const asio::any_io_executor& executor)
      : timer(std::in_place, executor, asio::steady_timer::time_point::max()) {}
  std::optional<asio::steady_timer> timer;
  std::uint64_t generation = 0;
};

Event::Event(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

Event::~Event() {
  if (state_) {
    state_->timer.reset();
  }
}

Event::Event(Event&&) noexcept = default;

Event& Event::operator=(Event&& other) noexcept {
  if (this != &other) {
    if (state_) {
      state_->timer.reset();
    }
    state_ = std::move(other.state_);
  }
  return *this;
}

void Event::notify() {
  ++state_->generation;
  state_->timer->cancel();
}

Task<base::Status> Event::wait() { return wait_on(state_); }

Task<base::Status> Event::wait_on(std::shared_ptr<State> state) {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none || !state->timer) {
    co_return base::Error(base::ErrorCode::kCancelled, "cancelled");
  }
  const std::uint64_t before = state->generation;
  co_await state->timer->async_wait(asio::as_tuple(asio::use_awaitable));
  if (state->generation == before) {
    co_return base::Error(base::ErrorCode::kCancelled, "cancelled");
  }
  co_return base::Status{};
}

}  // namespace tocsin::async
