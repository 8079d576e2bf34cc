#include "async/thread_queue.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "async/deadline.h"
#include "async/event.h"

namespace tocsin::async {
namespace {

namespace asio = boost::asio;
using base::Error;
using base::ErrorCode;

}  // namespace

/// Shared by the owner, the threads and the waiting coroutines, so that each may go first.
struct ThreadQueue::Core {
  /// `event`, `done`, `then` and `status` belong to the loop; `job` and `failure` to the thread
  /// once it has taken the item off the queue, until it posts finish().
  struct Item {
    Item(const asio::any_io_executor& executor, Job work)
        : job(std::move(work)), event(std::in_place, executor) {}
    Job job;
    Then then;  ///< called at the end in place of a waiting coroutine
    std::optional<Error> failure;
    std::optional<Event> event;
    bool done = false;
  };

  Core(asio::any_io_executor loop, ThreadOptions settings)
      : executor(loop), options(std::move(settings)), idle(std::in_place, loop) {}

  asio::any_io_executor executor;
  const ThreadOptions options;
  std::optional<Event> idle;   ///< loop only: no item is left; none once a thread was left behind
  std::size_t unfinished = 0;  ///< loop only: items handed in and not finished

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Item>> queue;  // guarded by mutex, as all below
  std::vector<std::shared_ptr<Item>> running;
  std::vector<std::thread> threads;
  std::size_t alive = 0;   ///< threads that have not left serve()
  bool closed = false;     ///< no new jobs; threads leave when the queue is empty
  bool abandoned = false;  ///< the loop may be gone: nothing may be posted any more

  void invoke(Item& item) const {
    try {
      item.job();
    } catch (const std::exception& error) {
      item.failure = Error(ErrorCode::kInternal, options.name + ": " + error.what());
    } catch (...) {
      item.failure = Error(ErrorCode::kInternal, options.name + ": unknown exception");
    }
    // What the job owned goes here, on the thread: it may be what blocks.
    item.job = nullptr;
  }

  /// On the loop.
  void finish(Item& item) {
    item.done = true;
    --unfinished;
    item.event->notify();
    if (unfinished == 0 && idle) {
      idle->notify();
    }
    if (item.then) {
      const Then then = std::exchange(item.then, nullptr);
      then(std::move(item.failure));
    }
  }

  static void serve(std::shared_ptr<Core> core) {
    if (core->options.niceness > 0) {
      // On Linux this is the calling thread's alone. Without it everything works, too.
      setpriority(PRIO_PROCESS, 0, core->options.niceness);
    }
    std::unique_lock lock(core->mutex);
    while (true) {
      core->changed.wait(lock, [&core] { return core->closed || !core->queue.empty(); });
      if (core->queue.empty()) {
        break;
      }
      std::shared_ptr<Item> item = std::move(core->queue.front());
      core->queue.pop_front();
      core->running.push_back(item);
      lock.unlock();
      core->invoke(*item);
      lock.lock();
      std::erase(core->running, item);
      if (!core->abandoned) {
        // Under the lock, so that the owner cannot be destroyed between the look and the post.
        // The item moves along: its event must die on the loop.
        asio::post(core->executor,
                   [core, item = std::move(item)]() mutable { core->finish(*item); });
      }
    }
    --core->alive;
    core->changed.notify_all();
  }

  void start_thread(const std::shared_ptr<Core>& self) {
    // Signals are the main thread's business.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    try {
      threads.emplace_back(&Core::serve, self);
    } catch (const std::system_error&) {
      // The machine has none left. Those that there are do the work, if there is one.
      started = false;
    }
    if (started) {
      pthread_setname_np(threads.back().native_handle(), options.name.substr(0, 15).c_str());
      ++alive;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  base::Status enqueue(const std::shared_ptr<Core>& self, std::shared_ptr<Item> item) {
    const std::lock_guard lock(mutex);
    if (closed) {
      return Error(ErrorCode::kCancelled, options.name + ": shut down");
    }
    if (queue.size() >= options.max_queued) {
      return Error(ErrorCode::kLimitExceeded, options.name + ": too many calls are waiting");
    }
    const bool busy = queue.size() + running.size() >= threads.size();
    if (!options.inline_jobs && busy &&
        threads.size() < std::max<std::size_t>(options.threads, 1)) {
      start_thread(self);
      if (threads.empty()) {
        return Error(ErrorCode::kUnavailable, options.name + ": no thread can be started");
      }
    }
    ++unfinished;
    if (options.inline_jobs) {
      asio::post(executor, [self, item = std::move(item)] {
        self->invoke(*item);
        self->finish(*item);
      });
    } else {
      queue.push_back(std::move(item));
      changed.notify_one();
    }
    return {};
  }

  /// Takes back an item that no thread has begun.
  void withdraw(const std::shared_ptr<Item>& item) {
    const std::lock_guard lock(mutex);
    const auto found = std::find(queue.begin(), queue.end(), item);
    if (found != queue.end()) {
      queue.erase(found);
      --unfinished;
      if (unfinished == 0 && idle) {
        idle->notify();
      }
    }
  }

  void join(base::Duration limit) {
    std::unique_lock lock(mutex);
    if (abandoned) {
      return;
    }
    closed = true;
    changed.notify_all();
    const bool ended = changed.wait_for(lock, limit, [this] { return alive == 0; });
    abandoned = true;
    if (!ended) {
      // A thread hangs and stays. What is tied to the loop must not die with it.
      running.insert(running.end(), queue.begin(), queue.end());
      for (const auto& item : running) {
        item->event.reset();
        item->then = nullptr;
      }
      running.clear();
      idle.reset();
    }
    std::vector<std::thread> leaving = std::move(threads);
    threads.clear();
    lock.unlock();
    for (std::thread& thread : leaving) {
      if (ended) {
        thread.join();
      } else {
        thread.detach();
      }
    }
  }
};

std::size_t processors() { return std::max(std::thread::hardware_concurrency(), 1U); }

ThreadQueue::ThreadQueue(asio::any_io_executor executor, ThreadOptions options)
    : core_(std::make_shared<Core>(std::move(executor), std::move(options))) {}

ThreadQueue::~ThreadQueue() { core_->join(core_->options.join_limit); }

std::size_t ThreadQueue::pending() const { return core_->unfinished; }

Task<base::Status> ThreadQueue::execute(std::shared_ptr<Core> core, Job job) {
  auto item = std::make_shared<Core::Item>(core->executor, std::move(job));
  const base::Status taken = core->enqueue(core, item);
  if (!taken) {
    co_return taken;
  }
  while (!item->done) {
    const base::Status woken = co_await item->event->wait();
    if (!woken) {
      core->withdraw(item);
      co_return woken;
    }
  }
  if (item->failure) {
    co_return std::move(*item->failure);
  }
  co_return base::Status{};
}

base::Status ThreadQueue::enqueue(Job job, Then then) {
  auto item = std::make_shared<Core::Item>(core_->executor, std::move(job));
  item->then = std::move(then);
  return core_->enqueue(core_, std::move(item));
}

Task<> ThreadQueue::shutdown() {
  const std::shared_ptr<Core> core = core_;
  {
    const std::lock_guard lock(core->mutex);
    core->closed = true;
    core->changed.notify_all();
  }
  while (core->unfinished > 0) {
    const base::Status woken = co_await core->idle->wait();
    if (!woken) {
      co_return;
    }
  }
  core->join(core->options.join_limit);
}

Task<base::Status> ThreadQueue::shutdown(Timers& timers, base::MonotonicTime deadline) {
  const std::shared_ptr<Core> core = core_;
  Task<> all = shutdown();
  const RaceEnd end = co_await race_deadline(timers, deadline, std::move(all));
  if (end == RaceEnd::kTimedOut) {
    core->join(base::Duration(0));
    co_return Error(ErrorCode::kTimeout,
                    core->options.name + ": a call has not returned and is left behind");
  }
  co_return base::Status{};
}

}  // namespace tocsin::async
