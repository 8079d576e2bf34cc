#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"

namespace tocsin::async {

struct ThreadOptions {
  std::string name = "blocking";  ///< shown by ps and in errors; the kernel keeps 15 characters
  std::size_t threads = 1;
  /// 0 to 19: how much the threads give way to others when the processors are busy.
  int niceness = 0;
  std::size_t max_queued = 1024;  ///< jobs that wait; beyond, run() gives kLimitExceeded
  /// How long destruction waits for what is queued before it leaves a thread behind that hangs
  /// in a system call.
  base::Duration join_limit = std::chrono::seconds(5);
  /// No thread at all: jobs run on the loop, one turn later. For simulations.
  bool inline_jobs = false;
};

/// How many threads the machine runs at once; at least 1.
std::size_t processors();

namespace internal {
template <class T>
struct AsResult {
  using type = base::Result<T>;
};
template <class T>
struct AsResult<base::Result<T>> {
  using type = base::Result<T>;
};
}  // namespace internal

/// Threads that run jobs of one loop's coroutines, first come, first served. run() is for the main
/// loop. A thread starts when a job finds all others busy. Must be destroyed before its executor's
/// context.
class ThreadQueue {
 public:
  ThreadQueue(boost::asio::any_io_executor executor, ThreadOptions options);
  /// Takes no more jobs, runs what is queued, and joins within the limit.
  ~ThreadQueue();
  ThreadQueue(const ThreadQueue&) = delete;
  ThreadQueue& operator=(const ThreadQueue&) = delete;

  /// Runs `job` on a thread and gives what it returned: a T as Result<T>, a Result<T> as it is.
  /// The job owns everything it uses. kInternal with the text of an exception that left it;
  /// kLimitExceeded when the queue is full; kUnavailable when the machine has no thread left;
  /// kCancelled when the task was cancelled (a job that had not begun is dropped then, one that had
  /// begun is left to end unseen) or after shutdown().
  template <class F>
  auto run(F job) -> Task<typename internal::AsResult<std::invoke_result_t<F>>::type> {
    using R = typename internal::AsResult<std::invoke_result_t<F>>::type;
    return run_on<R>(core_, std::move(job));
  }

  /// Runs `job` on a thread, whatever becomes of the caller, and then calls `done` on the loop with
  /// what run() would have given. `done` is dropped when the queue goes before that, so what it
  /// holds must not keep the queue. kLimitExceeded, kUnavailable and kCancelled as in run(); `done`
  /// is not called then.
  template <class F, class G>
  base::Status submit(F job, G done) {
    using R = typename internal::AsResult<std::invoke_result_t<F>>::type;
    auto result = std::make_shared<std::optional<R>>();
    Then then = [result, done = std::move(done)](std::optional<base::Error> failure) {
      done(failure ? R(std::move(*failure)) : std::move(**result));
    };
    return enqueue(keep_result(std::move(job), std::move(result)), std::move(then));
  }

  /// Refuses new jobs, waits until the queued ones have run, ends the threads.
  Task<> shutdown();
  /// The same with a limit: kTimeout when a job has not returned by then. It is left behind with
  /// its thread, and whatever the job owns.
  Task<base::Status> shutdown(Timers& timers, base::MonotonicTime deadline);

  /// Jobs that wait or run.
  std::size_t pending() const;

 private:
  struct Core;
  using Job = std::move_only_function<void()>;
  using Then = std::move_only_function<void(std::optional<base::Error>) const>;

  base::Status enqueue(Job job, Then then);
  static Task<base::Status> execute(std::shared_ptr<Core> core, Job job);

  template <class R, class F>
  static Job keep_result(F work, std::shared_ptr<std::optional<R>> result) {
    return [result = std::move(result), work = std::move(work)]() mutable {
      if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        work();
        result->emplace();
      } else {
        result->emplace(work());
      }
    };
  }

  template <class R, class F>
  static Task<R> run_on(std::shared_ptr<Core> core, F work) {
    auto result = std::make_shared<std::optional<R>>();
    Job job = keep_result(std::move(work), result);
    const base::Status status = co_await execute(std::move(core), std::move(job));
    if (!status) {
      co_return status.error();
    }
    co_return std::move(**result);
  }

  std::shared_ptr<Core> core_;
};

/// One thread that owns one blocking resource: a database connection, a mount, a resolver.
class BlockingThread : public ThreadQueue {
 public:
  BlockingThread(boost::asio::any_io_executor executor, ThreadOptions options)
      : ThreadQueue(std::move(executor), one_thread(std::move(options))) {}

 private:
  static ThreadOptions one_thread(ThreadOptions options) {
    options.threads = 1;
    return options;
  }
};

/// A few threads for pure, CPU-heavy work on immutable input.
class WorkerPool : public ThreadQueue {
 public:
  WorkerPool(boost::asio::any_io_executor executor, ThreadOptions options)
      : ThreadQueue(std::move(executor), std::move(options)) {}
};

}  // namespace tocsin::async
