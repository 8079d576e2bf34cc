#include "async/thread_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "async/blocking_thread.h"
#include "async/real_clock.h"
#include "async/real_timers.h"
#include "async/task_group.h"
#include "async/worker_pool.h"
#include "base/check.h"

namespace tocsin::async {
namespace {

using Log = std::vector<std::string>;

std::string describe(const base::Result<int>& result) {
  return result ? std::to_string(*result)
                : std::string(base::to_string(result.error().code())) + ": " +
                      result.error().message();
}

struct Loop {
  boost::asio::io_context context;
  TaskGroup group{context.get_executor(), [](const std::string& task, const std::string& what) {
                    ADD_FAILURE() << task << ": " << what;
                  }};
};

Task<> call(ThreadQueue& queue, std::function<int()> job, Log& log) {
  const base::Result<int> result = co_await queue.run(std::move(job));
  log.push_back(describe(result));
}

Task<> call_result(ThreadQueue& queue, Log& log) {
  const base::Result<int> result = co_await queue.run(
      []() -> base::Result<int> { return base::Error(base::ErrorCode::kUnavailable, "no"); });
  log.push_back(describe(result));
}

TEST(BlockingThread, RunsJobsInOrderOnOneOtherThread) {
  Loop loop;
  BlockingThread thread(loop.context.get_executor(), {.name = "database"});
  Log log;
  std::vector<std::thread::id> ids(20);
  for (int i = 0; i < 20; ++i) {
    loop.group.spawn("call", call(
                                 thread,
                                 [i, &ids] {
                                   ids[i] = std::this_thread::get_id();
                                   return i;
                                 },
                                 log));
  }
  loop.context.run();
  Log expected;
  for (int i = 0; i < 20; ++i) {
    expected.push_back(std::to_string(i));
    EXPECT_EQ(ids[i], ids[0]);
  }
  EXPECT_EQ(log, expected);
  EXPECT_NE(ids[0], std::this_thread::get_id());
  EXPECT_EQ(thread.pending(), 0U);
}

TEST(BlockingThread, PassesErrorsAndCatchesExceptions) {
  Loop loop;
  BlockingThread thread(loop.context.get_executor(), {.name = "database"});
  Log log;
  loop.group.spawn("a", call(thread, []() -> int { throw std::runtime_error("bang"); }, log));
  loop.group.spawn("b", call(thread, []() -> int { throw 5; }, log));
  loop.group.spawn("c", call_result(thread, log));
  loop.context.run();
  EXPECT_EQ(log, (Log{"internal: database: bang", "internal: database: unknown exception",
                      "unavailable: no"}));
}

TEST(BlockingThread, RefusesMoreThanItsQueueHolds) {
  Loop loop;
  BlockingThread thread(loop.context.get_executor(), {.name = "disk", .max_queued = 1});
  std::latch begun(1);
  std::latch release(1);
  Log log;
  loop.group.spawn("held", call(
                               thread,
                               [&] {
                                 begun.count_down();
                                 release.wait();
                                 return 1;
                               },
                               log));
  loop.context.poll();
  begun.wait();
  loop.group.spawn("queued", call(thread, [] { return 2; }, log));
  loop.group.spawn("refused", call(thread, [] { return 3; }, log));
  loop.context.poll();
  EXPECT_EQ(log, (Log{"limit_exceeded: disk: too many calls are waiting"}));
  EXPECT_EQ(thread.pending(), 2U);
  release.count_down();
  loop.context.run();
  EXPECT_EQ(log.size(), 3U);
}

TEST(BlockingThread, CancellationLeavesTheRunningJobAndDropsTheQueued) {
  Loop loop;
  std::atomic<int> ran = 0;
  Log log;
  std::latch begun(1);
  std::latch release(1);
  {
    BlockingThread thread(loop.context.get_executor(), {.name = "mount"});
    loop.group.spawn("held", call(
                                 thread,
                                 [&] {
                                   begun.count_down();
                                   release.wait();
                                   return ++ran;
                                 },
                                 log));
    loop.context.poll();
    begun.wait();
    loop.group.spawn("queued", call(thread, [&] { return ++ran; }, log));
    loop.context.poll();
    loop.group.cancel();
    loop.context.poll();
    EXPECT_EQ(log, (Log{"cancelled: cancelled", "cancelled: cancelled"}));
    release.count_down();
  }
  EXPECT_EQ(ran, 1);
  loop.context.restart();
  loop.context.run();
}

Task<> drain(ThreadQueue& queue, Log& log) {
  co_await queue.shutdown();
  log.push_back("drained");
}

TEST(BlockingThread, ShutdownRunsWhatIsQueuedAndRefusesMore) {
  Loop loop;
  BlockingThread thread(loop.context.get_executor(), {.name = "journal"});
  Log log;
  loop.group.spawn("one", call(thread, [] { return 1; }, log));
  loop.group.spawn("two", call(thread, [] { return 2; }, log));
  loop.group.spawn("drain", drain(thread, log));
  loop.group.spawn("late", call(thread, [] { return 3; }, log));
  loop.context.run();
  EXPECT_EQ(log, (Log{"cancelled: journal: shut down", "1", "2", "drained"}));
}

Task<> drain_until(ThreadQueue& queue, RealTimers& timers, base::MonotonicTime deadline, Log& log) {
  const base::Status ended = co_await queue.shutdown(timers, deadline);
  log.push_back(ended ? "drained" : ended.error().message());
}

TEST(BlockingThread, AShutdownWithALimitEndsThoughAJobHangs) {
  const auto release = std::make_shared<std::latch>(1);
  const auto over = std::make_shared<std::latch>(1);
  {
    Loop loop;
    RealTimers timers;
    const RealClock clock;
    Log log;
    const auto begun = clock.monotonic_now();
    {
      BlockingThread thread(loop.context.get_executor(),
                            {.name = "disk", .join_limit = std::chrono::hours(1)});
      loop.group.spawn("stuck", call(
                                    thread,
                                    [release, over] {
                                      release->wait();
                                      over->count_down();
                                      return 1;
                                    },
                                    log));
      loop.group.spawn("drain",
                       drain_until(thread, timers, begun + std::chrono::milliseconds(20), log));
      while (log.empty()) {
        loop.context.run_one();
      }
      EXPECT_EQ(log, (Log{"disk: a call has not returned and is left behind"}));
      loop.group.cancel();
      loop.context.run();
    }
    EXPECT_LT(clock.monotonic_now() - begun, std::chrono::minutes(30))
        << "nor does destruction wait";
  }
  release->count_down();
  over->wait();
}

TEST(BlockingThread, AShutdownWithALimitWaitsForWhatIsQueued) {
  Loop loop;
  RealTimers timers;
  const RealClock clock;
  BlockingThread thread(loop.context.get_executor(), {.name = "journal"});
  Log log;
  loop.group.spawn("one", call(thread, [] { return 1; }, log));
  loop.group.spawn("drain",
                   drain_until(thread, timers, clock.monotonic_now() + std::chrono::hours(1), log));
  loop.context.run();
  EXPECT_EQ(log, (Log{"1", "drained"}));
}

TEST(BlockingThread, LeavesAThreadThatHangsBehind) {
  auto release = std::make_shared<std::latch>(1);
  auto over = std::make_shared<std::latch>(1);
  {
    Loop loop;
    Log log;
    {
      BlockingThread thread(loop.context.get_executor(),
                            {.name = "dead mount", .join_limit = std::chrono::milliseconds(20)});
      loop.group.spawn("stuck", call(
                                    thread,
                                    [release, over] {
                                      release->wait();
                                      over->count_down();
                                      return 1;
                                    },
                                    log));
      loop.context.poll();
    }
    loop.context.restart();
    loop.context.run();
    EXPECT_EQ(log, (Log{"cancelled: cancelled"}));
  }
  release->count_down();
  over->wait();
}

TEST(BlockingThread, SubmittedJobsOutliveWhoAsked) {
  Loop loop;
  BlockingThread thread(loop.context.get_executor(), {.name = "names", .max_queued = 1});
  std::latch begun(1);
  std::latch release(1);
  Log log;
  const auto note = [&log](const base::Result<int>& result) { log.push_back(describe(result)); };
  const auto hold = [&] {
    begun.count_down();
    release.wait();
    return 1;
  };
  EXPECT_TRUE(thread.submit(hold, note));
  begun.wait();
  EXPECT_TRUE(thread.submit([]() -> int { throw std::runtime_error("bang"); }, note));
  const base::Status refused = thread.submit([] { return 3; }, note);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), base::ErrorCode::kLimitExceeded);
  EXPECT_EQ(thread.pending(), 2U);
  release.count_down();
  loop.group.spawn("drain", drain(thread, log));
  loop.context.run();
  EXPECT_EQ(log, (Log{"1", "internal: names: bang", "drained"}));
}

TEST(BlockingThread, DropsWhatToCallWhenItGoesFirst) {
  auto release = std::make_shared<std::latch>(1);
  auto over = std::make_shared<std::latch>(2);
  const auto held = std::make_shared<int>(1);
  {
    Loop loop;
    BlockingThread thread(loop.context.get_executor(),
                          {.name = "dead mount", .join_limit = std::chrono::milliseconds(20)});
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(thread.submit(
          [release, over] {
            release->wait();
            over->count_down();
            return 1;
          },
          [held](const base::Result<int>&) { ADD_FAILURE() << "called"; }));
    }
  }
  EXPECT_EQ(held.use_count(), 1) << "it dies on the loop, though the thread stays";
  release->count_down();
  over->wait();
}

TEST(WorkerPool, StartsThreadsAsJobsNeedThem) {
  Loop loop;
  WorkerPool pool(loop.context.get_executor(), {.name = "worker", .threads = 8});
  std::vector<std::thread::id> ids;
  Log log;
  for (int i = 0; i < 20; ++i) {
    loop.group.spawn("call", call(
                                 pool,
                                 [&ids] {
                                   ids.push_back(std::this_thread::get_id());
                                   return 1;
                                 },
                                 log));
    loop.context.restart();
    loop.context.run();
  }
  ASSERT_EQ(ids.size(), 20U);
  for (const std::thread::id id : ids) {
    EXPECT_EQ(id, ids[0]) << "one at a time needs one thread";
  }
}

TEST(BlockingThread, RunsInlineInSimulations) {
  Loop loop;
  BlockingThread thread(loop.context.get_executor(), {.name = "inline", .inline_jobs = true});
  Log log;
  std::thread::id id;
  loop.group.spawn("call", call(
                               thread,
                               [&id] {
                                 id = std::this_thread::get_id();
                                 return 1;
                               },
                               log));
  loop.context.run();
  EXPECT_EQ(id, std::this_thread::get_id());
  EXPECT_EQ(log, (Log{"1"}));
}

TEST(WorkerPool, UsesItsThreadsAtTheSameTime) {
  Loop loop;
  WorkerPool pool(loop.context.get_executor(),
                  {.name = "worker", .threads = 3, .max_queued = 10'000});
  std::latch together(3);
  Log log;
  for (int i = 0; i < 3; ++i) {
    loop.group.spawn("call", call(
                                 pool,
                                 [&together] {
                                   together.arrive_and_wait();
                                   return 1;
                                 },
                                 log));
  }
  loop.context.run();
  EXPECT_EQ(log, (Log{"1", "1", "1"}));
}

TEST(WorkerPool, ManyJobsAllAnswer) {
  Loop loop;
  WorkerPool pool(loop.context.get_executor(),
                  {.name = "worker", .threads = 4, .max_queued = 10'000});
  Log log;
  for (int i = 0; i < 2000; ++i) {
    loop.group.spawn("call", call(pool, [i] { return i; }, log));
  }
  loop.context.run();
  EXPECT_EQ(log.size(), 2000U);
}

}  // namespace
}  // namespace tocsin::async
