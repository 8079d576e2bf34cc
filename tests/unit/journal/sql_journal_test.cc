#include "journal/sql_journal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <optional>

#include "async/deadline.h"
#include "base/random.h"
#include "support/eventually.h"
#include "support/real_loop.h"
#include "support/stuck_disk.h"
#include "support/temporary_folder.h"

namespace tocsin::journal {
namespace {

using base::ErrorCode;
using testing::TemporaryFolder;

model::Record record(const std::string& subject) {
  model::Record made;
  made.type = "alert.fired";
  made.subject = subject;
  made.payload["text"] = std::string(300, 'x');
  return made;
}

/// Runs one coroutine to its end on a loop of its own kind.
class Loop {
 public:
  template <class T>
  T run(async::Task<T> task) {
    std::optional<T> out;
    boost::asio::co_spawn(context_, keep(std::move(task), out),
                          [](const std::exception_ptr& error) {
                            if (error) {
                              std::rethrow_exception(error);
                            }
                          });
    context_.restart();
    context_.run();
    return std::move(*out);
  }

 private:
  template <class T>
  static async::Task<> keep(async::Task<T> task, std::optional<T>& out) {
    T value = co_await std::move(task);
    out.emplace(std::move(value));
  }

  boost::asio::io_context context_;
};

class SqlJournalTest : public ::testing::TestWithParam<bool> {
 protected:
  base::Result<std::unique_ptr<Journal>> try_open(const std::string& url) {
    return loop_.run(open(url, {.inline_jobs = GetParam()}));
  }
  std::unique_ptr<Journal> reopen() {
    auto journal = try_open("sqlite:" + path_);
    EXPECT_TRUE(journal) << journal.error().to_string();
    return journal ? std::move(*journal) : nullptr;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/journal.db";
  Loop loop_;
};

async::Task<base::Result<std::uint64_t>> append_many(Journal& journal, int count) {
  base::Result<std::uint64_t> last = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<model::Record> records = {record(std::to_string(i))};
    last = co_await journal.append(std::move(records));
  }
  co_return last;
}

TEST_P(SqlJournalTest, DoesEverythingThroughTheInterface) {
  auto journal = reopen();
  EXPECT_EQ(loop_.run(append_many(*journal, 5)), 5U);
  EXPECT_TRUE(loop_.run(journal->save_snapshot({4, {{"x", 1}}})));
  EXPECT_EQ(loop_.run(journal->query({.subject = "3"}))->size(), 1U);
  EXPECT_TRUE(loop_.run(journal->redact(2, record("note"))));
  EXPECT_EQ(loop_.run(journal->expire(base::from_millis(1))), 4U);
  const auto replay = loop_.run(journal->replay());
  ASSERT_TRUE(replay);
  EXPECT_EQ(replay->snapshot->sequence, 4U);
  EXPECT_EQ(replay->records.size(), 2U);
  EXPECT_TRUE(loop_.run(journal->close()));
  EXPECT_EQ(loop_.run(append_many(*journal, 1)).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(loop_.run(journal->close()).error().code(), ErrorCode::kCancelled);
}

TEST(SqlJournalOnAStuckDisk, IsLeftBehindAndHasWrittenAllTheSameOnceTheDiskAnswers) {
  const TemporaryFolder folder;
  const std::string url = "sqlite:" + folder.path() + "/journal.db";
  const tocsin::testing::StuckDisk disk(folder.path());
  {
    tocsin::testing::RealLoop loop;
    auto journal = loop.run(open(url));
    ASSERT_TRUE(journal) << journal.error().to_string();
    ASSERT_EQ(loop.run(append_many(**journal, 3)), 3U);
    disk.stick();
    const auto written = loop.run(async::with_deadline(
        loop.timers(), loop.in(std::chrono::milliseconds(50)), append_many(**journal, 1)));
    EXPECT_EQ(written.error().code(), ErrorCode::kTimeout);
    const auto begun = loop.clock().monotonic_now();
    const base::Status closed = loop.run(async::with_deadline(
        loop.timers(), loop.in(std::chrono::milliseconds(50)), (*journal)->close()));
    EXPECT_EQ(closed.error().code(), ErrorCode::kTimeout);
    journal->reset();
    EXPECT_LT(loop.clock().monotonic_now() - begun, std::chrono::seconds(4))
        << "the thread is not waited for";
  }
  disk.release();
  tocsin::testing::RealLoop loop;
  // The thread that was left behind holds the file until its call has returned.
  base::Result<std::unique_ptr<Journal>> again = base::Error(ErrorCode::kInternal, "not opened");
  ASSERT_TRUE(tocsin::testing::eventually(std::chrono::seconds(20), [&] {
    again = loop.run(open(url));
    return again.has_value();
  })) << again.error().to_string();
  EXPECT_EQ(loop.run((*again)->replay())->records.size(), 4U);
}

TEST_P(SqlJournalTest, ConcurrentAppendsKeepTheirOrder) {
  boost::asio::io_context context;
  std::vector<std::uint64_t> sequences;
  const OpenOptions options = {.inline_jobs = GetParam()};
  base::Result<std::unique_ptr<Journal>> mine = base::Error(ErrorCode::kInternal, "not opened");
  const auto remember = [&](const std::exception_ptr&, base::Result<std::uint64_t> last) {
    sequences.push_back(last ? *last : 0);
  };
  boost::asio::co_spawn(
      context, open("sqlite:" + folder_.path() + "/journal.db", options),
      [&](const std::exception_ptr&, base::Result<std::unique_ptr<Journal>> opened) {
        mine = std::move(opened);
        for (int i = 0; mine && i < 50; ++i) {
          boost::asio::co_spawn(context, append_many(**mine, 1), remember);
        }
      });
  context.run();
  ASSERT_EQ(sequences.size(), 50U);
  EXPECT_TRUE(std::is_sorted(sequences.begin(), sequences.end()));
  EXPECT_EQ(sequences.back(), 50U);
}

TEST_P(SqlJournalTest, SaysWhatIsWrongWithAUrl) {
  EXPECT_EQ(try_open("postgresql://db/tocsin").error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(try_open("mysql://db").error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(try_open("sqlite:").error().code(), ErrorCode::kInvalidInput);
  auto journal = reopen();
  const auto second = try_open("sqlite:" + path_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message().find("another process"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Threads, SqlJournalTest, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "Inline" : "Threaded");
});

/// Appends pairs of records and reports each acknowledged sequence, until it is killed.
async::Task<> append_forever(std::string path, int acknowledged) {
  auto journal = co_await open("sqlite:" + path);
  if (!journal) {
    co_return;
  }
  while (true) {
    std::vector<model::Record> records = {record("pair"), record("pair")};
    const auto last = co_await (*journal)->append(std::move(records));
    if (!last || write(acknowledged, &*last, sizeof *last) != sizeof *last) {
      co_return;
    }
  }
}

[[noreturn]] void child(const std::string& path, int acknowledged) {
  boost::asio::io_context context;
  boost::asio::co_spawn(context, append_forever(path, acknowledged),
                        [](const std::exception_ptr&) {});
  context.run();
  _exit(1);
}

/// Starts a process that appends, kills it after about `count` acknowledgements, and returns the
/// last sequence that it was told is durable.
std::uint64_t append_and_kill(const std::string& path, std::uint64_t count) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    child(path, ends[1]);
  }
  close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t seen = 0;
  while (read(ends[0], &last, sizeof last) == sizeof last) {
    if (++seen == count) {
      kill(process, SIGKILL);
    }
  }
  close(ends[0]);
  waitpid(process, nullptr, 0);
  return last;
}

TEST(JournalCrash, KeepsEverythingThatWasAcknowledgedOverKill) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/journal.db";
  base::SeededRandom random(11);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t acknowledged = append_and_kill(path, 1 + random.below(20));
    Loop loop;
    auto journal = loop.run(open("sqlite:" + path, {.inline_jobs = true}));
    ASSERT_TRUE(journal) << journal.error().to_string();
    const auto replay = loop.run((*journal)->replay());
    ASSERT_TRUE(replay) << replay.error().to_string();
    ASSERT_FALSE(replay->records.empty());
    EXPECT_EQ(replay->cut_records, 0U);
    EXPECT_GE(replay->records.back().sequence, acknowledged) << "round " << round;
    EXPECT_EQ(replay->records.size() % 2, 0U) << "half an input in round " << round;
    // A clean close now and then, so that logs are folded in as well as recovered.
    if (round % 3 == 0) {
      EXPECT_TRUE(loop.run((*journal)->close()));
    }
  }
}

}  // namespace
}  // namespace tocsin::journal
