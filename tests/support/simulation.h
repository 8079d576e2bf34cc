#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "async/event.h"
#include "async/task.h"
#include "async/timers.h"
#include "support/simulated_clock.h"

namespace tocsin::testing {

/// Timers on a SimulatedClock: who sleeps stays asleep until the simulation moves the clock.
/// Sleepers with the same deadline wake one after the other, in the order in which they fell
/// asleep.
class SimulatedTimers final : public async::Timers {
 public:
  explicit SimulatedTimers(boost::asio::any_io_executor executor);
  ~SimulatedTimers() override;

  async::Task<base::Status> sleep_until(base::MonotonicTime when) override;

  bool empty() const;
  /// The earliest deadline; only when not empty().
  base::MonotonicTime next() const;
  /// Wakes the first sleeper.
  void wake_first();
  std::size_t size() const;

 private:
  struct State;
  static async::Task<base::Status> sleep(std::shared_ptr<State> state, base::MonotonicTime when);
  std::shared_ptr<State> state_;
};

/// One loop in simulated time: runs what can run, then jumps to the next deadline, so that a day
/// of coroutines takes milliseconds and every run is the same.
class Simulation {
 public:
  Simulation();
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  boost::asio::any_io_executor executor();
  SimulatedClock& clock();
  SimulatedTimers& timers();

  /// Starts a coroutine in which cancellation is an outcome; an exception that leaves it aborts.
  void spawn(async::Task<> task);

  /// Runs what can run now, without letting time pass.
  void settle();
  /// Lets that much time pass, with everything that falls due in it.
  void run_for(std::chrono::nanoseconds time);
  /// Until nobody sleeps any more, but at most `limit`; whether nobody does.
  bool run_until_idle(std::chrono::nanoseconds limit = std::chrono::hours(24 * 365));
  /// Runs one task to its end and gives its result, letting time pass; for tests that call one
  /// coroutine. Aborts when it does not end within `limit`.
  template <class T>
  T run(async::Task<T> task, std::chrono::nanoseconds limit = std::chrono::hours(24));

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
  SimulatedClock clock_;
  std::unique_ptr<SimulatedTimers> timers_;

  /// Jumps until `done` or `limit`; whether `done`.
  bool run_until(const bool& done, std::chrono::nanoseconds limit);
  static void require(bool done);
};

namespace internal {
template <class T>
async::Task<> keep_result(async::Task<T> task,
                          std::shared_ptr<std::pair<bool, std::unique_ptr<T>>> out) {
  T value = co_await std::move(task);
  out->second = std::make_unique<T>(std::move(value));
  out->first = true;
}
}  // namespace internal

template <class T>
T Simulation::run(async::Task<T> task, std::chrono::nanoseconds limit) {
  auto out = std::make_shared<std::pair<bool, std::unique_ptr<T>>>();
  spawn(internal::keep_result<T>(std::move(task), out));
  require(run_until(out->first, limit));
  return std::move(*out->second);
}

}  // namespace tocsin::testing
