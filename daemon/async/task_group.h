#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"

namespace tocsin::async {

/// Owns coroutines. Make it the last member of the object whose members they use, and stop() it
/// before that object goes: its destructor aborts when a task is still running.
/// Main loop only.
class TaskGroup {
 public:
  /// Called when an exception leaves a task (`what` is its text); the task has ended then.
  using ErrorHandler = std::function<void(const std::string& task, const std::string& what)>;
  /// Called once when stop() passes its limit, with the names of those that are still running.
  using StuckHandler = std::function<void(const std::vector<std::string>& tasks)>;

  TaskGroup(boost::asio::any_io_executor executor, ErrorHandler on_error);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Takes the task over; it starts soon, not within this call. Inside it cancellation is an
  /// outcome: waits return kCancelled and nothing throws. False, and the task never runs, once
  /// the group is stopping.
  bool spawn(std::string name, Task<> task);

  /// Asks every task to stop. New ones are still taken.
  void cancel();

  bool stopping() const;
  std::size_t size() const;
  /// The names of the running tasks, in order of their start.
  std::vector<std::string> running() const;

  /// Refuses new work, cancels what runs and waits for its end. At the limit `on_stuck` is told
  /// and cancellation is repeated for as long again. The result is who runs even then: nothing
  /// but leaving the process helps against those.
  Task<std::vector<std::string>> stop(Timers& timers, const base::Clock& clock,
                                      base::Duration limit, StuckHandler on_stuck = {});

 private:
  struct State;
  struct Membership;
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::async
