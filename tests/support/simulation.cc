#include "support/simulation.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "base/check.h"

namespace tocsin::testing {

namespace asio = boost::asio;

struct SimulatedTimers::State {
  using Key = std::pair<base::MonotonicTime, std::uint64_t>;
  explicit State(asio::any_io_executor loop) : executor(std::move(loop)) {}
  asio::any_io_executor executor;
  std::uint64_t sequence = 0;
  std::map<Key, std::shared_ptr<async::Event>> sleepers;
};

SimulatedTimers::SimulatedTimers(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

SimulatedTimers::~SimulatedTimers() = default;

bool SimulatedTimers::empty() const { return state_->sleepers.empty(); }

std::size_t SimulatedTimers::size() const { return state_->sleepers.size(); }

base::MonotonicTime SimulatedTimers::next() const { return state_->sleepers.begin()->first.first; }

void SimulatedTimers::wake_first() {
  const auto first = state_->sleepers.begin();
  const std::shared_ptr<async::Event> event = first->second;
  state_->sleepers.erase(first);
  event->notify();
}

async::Task<base::Status> SimulatedTimers::sleep_until(base::MonotonicTime when) {
  return sleep(state_, when);
}

async::Task<base::Status> SimulatedTimers::sleep(std::shared_ptr<State> state,
                                                 base::MonotonicTime when) {
  const State::Key key{when, state->sequence++};
  auto event = std::make_shared<async::Event>(state->executor);
  state->sleepers.emplace(key, event);
  const base::Status woken = co_await event->wait();
  state->sleepers.erase(key);
  co_return woken;
}

struct Simulation::Loop {
  asio::io_context context;
};

Simulation::Simulation()
    : loop_(std::make_unique<Loop>()),
      timers_(std::make_unique<SimulatedTimers>(loop_->context.get_executor())) {}

Simulation::~Simulation() = default;

asio::any_io_executor Simulation::executor() { return loop_->context.get_executor(); }
SimulatedClock& Simulation::clock() { return clock_; }
SimulatedTimers& Simulation::timers() { return *timers_; }

namespace {
async::Task<> run_as_outcome(async::Task<> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}
}  // namespace

void Simulation::spawn(async::Task<> task) {
  asio::co_spawn(loop_->context, run_as_outcome(std::move(task)),
                 [](const std::exception_ptr& error) {
                   if (error) {
                     std::rethrow_exception(error);
                   }
                 });
}

void Simulation::settle() {
  loop_->context.restart();
  loop_->context.poll();
}

void Simulation::run_for(std::chrono::nanoseconds time) {
  const bool never = false;
  run_until(never, time);
}

bool Simulation::run_until_idle(std::chrono::nanoseconds limit) {
  const base::MonotonicTime end = clock_.monotonic_now() + limit;
  settle();
  while (!timers_->empty() && timers_->next() <= end) {
    clock_.advance(std::max(timers_->next() - clock_.monotonic_now(), std::chrono::nanoseconds(0)));
    timers_->wake_first();
    settle();
  }
  return timers_->empty();
}

bool Simulation::run_until(const bool& done, std::chrono::nanoseconds limit) {
  const base::MonotonicTime end = clock_.monotonic_now() + limit;
  settle();
  while (!done && !timers_->empty() && timers_->next() <= end) {
    clock_.advance(std::max(timers_->next() - clock_.monotonic_now(), std::chrono::nanoseconds(0)));
    timers_->wake_first();
    settle();
  }
  if (!done && clock_.monotonic_now() < end) {
    clock_.advance(end - clock_.monotonic_now());
  }
  return done;
}

void Simulation::require(bool done) { TOCSIN_CHECK(done, "the simulated task does not end"); }

}  // namespace tocsin::testing
