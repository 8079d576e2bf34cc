#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "async/real_clock.h"
#include "async/real_timers.h"
#include "async/task_group.h"

namespace tocsin::testing {

/// A loop in real time, for tests with sockets and threads. run() turns it until one task has
/// ended; others go on meanwhile. Ends everything that is still running when it goes.
class RealLoop {
 public:
  RealLoop()
      : tasks_(context_.get_executor(), [](const std::string& task, const std::string& what) {
          ADD_FAILURE() << task << ": " << what;
        }) {}
  RealLoop(const RealLoop&) = delete;
  RealLoop& operator=(const RealLoop&) = delete;
  ~RealLoop() { stop(); }

  boost::asio::any_io_executor executor() { return context_.get_executor(); }
  async::RealClock& clock() { return clock_; }
  async::RealTimers& timers() { return timers_; }
  async::TaskGroup& tasks() { return tasks_; }
  base::MonotonicTime in(std::chrono::milliseconds time) const {
    return clock_.monotonic_now() + time;
  }

  template <class T>
  T run(async::Task<T> task) {
    auto out = std::make_shared<std::optional<T>>();
    tasks_.spawn("test", keep<T>(std::move(task), out));
    context_.restart();
    while (!out->has_value() && context_.run_one() > 0) {
    }
    if (!out->has_value()) {
      ADD_FAILURE() << "the task does not end";
    }
    return std::move(**out);
  }
  void run(async::Task<> task) { run(finish(std::move(task))); }

  /// Cancels what runs and waits for its end.
  void stop() {
    tasks_.cancel();
    context_.restart();
    while (tasks_.size() > 0 && context_.run_one() > 0) {
    }
  }

 private:
  template <class T>
  static async::Task<> keep(async::Task<T> task, std::shared_ptr<std::optional<T>> out) {
    T value = co_await std::move(task);
    out->emplace(std::move(value));
  }
  static async::Task<bool> finish(async::Task<> task) {
    co_await std::move(task);
    co_return true;
  }

  boost::asio::io_context context_;
  async::RealClock clock_;
  async::RealTimers timers_;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::testing
