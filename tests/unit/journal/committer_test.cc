#include "journal/committer.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/memory_journal.h"
#include "support/simulation.h"

namespace tocsin::journal {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::MemoryDisk;
using testing::MemoryJournal;
using testing::Simulation;

model::Record record(std::string subject) {
  model::Record made;
  made.type = "alert.fired";
  made.subject = std::move(subject);
  return made;
}

class CommitterTest : public ::testing::Test {
 protected:
  void start(CommitterOptions options = {}) {
    committer_.emplace(
        simulation_.executor(),
        Committer::Parts{journal_, simulation_.timers(), simulation_.clock(), random_}, options,
        CommitterHooks{
            .on_degraded = [this](const std::string& why) { log_ += "degraded(" + why + ") "; },
            .on_recovered =
                [this](std::uint64_t given_up) {
                  log_ += "recovered(" + std::to_string(given_up) + ") ";
                },
            .on_unwritable = [this](const std::string&) { log_ += "unwritable "; },
            .on_error = [this](const std::string& what) { log_ += "error " + what; },
        });
    committer_->start();
  }

  void TearDown() override {
    if (committer_) {
      disk_->full = false;
      disk_->fail_appends.clear();
      const auto deadline = simulation_.clock().monotonic_now() + minutes(5);
      EXPECT_TRUE(simulation_.run(committer_->stop(deadline)));
    }
  }

  Committer::Effect effect(std::string name) {
    return [this, name = std::move(name)](const Release& release) {
      log_ += name + (release.durable ? ":" + std::to_string(release.sequence) : "!") + " ";
    };
  }

  void commit(const std::string& name, int records = 1) {
    std::vector<model::Record> made(static_cast<std::size_t>(records), record(name));
    committer_->commit(std::move(made), effect(name));
  }

  std::vector<std::string> written() const {
    std::vector<std::string> subjects;
    for (const auto& kept : disk_->records) {
      subjects.push_back(kept.subject);
    }
    return subjects;
  }

  Simulation simulation_;
  base::SeededRandom random_{7};
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  MemoryJournal journal_{disk_};
  std::string log_;
  std::optional<Committer> committer_;
};

TEST_F(CommitterTest, RunsEffectsInOrderAfterTheirRecordsAreWritten) {
  start();
  commit("a", 2);
  commit("b", 0);
  commit("c");
  EXPECT_EQ(log_, "") << "never within commit()";
  simulation_.settle();
  EXPECT_EQ(log_, "a:2 b:2 c:3 ");
  EXPECT_EQ(disk_->appends, 1U) << "inputs share a transaction";
  EXPECT_FALSE(committer_->degraded());
  EXPECT_EQ(committer_->backlog(), 0U);
}

TEST_F(CommitterTest, AnEffectMayCommit) {
  start();
  committer_->commit({record("a")}, [this](const Release&) {
    log_ += "a ";
    commit("nested");
  });
  commit("b");
  simulation_.settle();
  EXPECT_EQ(log_, "a b:2 nested:3 ");
}

TEST_F(CommitterTest, HoldsEffectsBackForTheGraceAndThenReleasesThemFromMemory) {
  start();
  disk_->full = true;
  commit("a");
  commit("b");
  simulation_.run_for(milliseconds(900));
  EXPECT_EQ(log_, "");
  simulation_.run_for(milliseconds(200));
  EXPECT_EQ(log_, "degraded(the disk is full) a! b! ");
  EXPECT_TRUE(committer_->degraded());
  commit("c");
  simulation_.settle();
  EXPECT_EQ(log_, "degraded(the disk is full) a! b! c! ") << "no second grace";
  EXPECT_EQ(committer_->backlog(), 3U);

  disk_->full = false;
  simulation_.run_for(minutes(1));
  EXPECT_EQ(log_, "degraded(the disk is full) a! b! c! recovered(0) ");
  EXPECT_EQ(written(), (std::vector<std::string>{"a", "b", "c"}));
  log_.clear();
  commit("d");
  simulation_.settle();
  EXPECT_EQ(log_, "d:4 ");
}

TEST_F(CommitterTest, AQuestionWithoutAnAnswerDegradesItAndAnAnswerMendsIt) {
  start();
  committer_->heard(true);
  EXPECT_EQ(log_, "");
  committer_->heard(false);
  committer_->heard(false);
  EXPECT_EQ(log_, "degraded(the journal does not answer) ");
  EXPECT_TRUE(committer_->degraded());
  committer_->heard(true);
  EXPECT_FALSE(committer_->degraded());
  EXPECT_EQ(log_, "degraded(the journal does not answer) recovered(0) ");
  log_.clear();
  commit("a");
  simulation_.settle();
  EXPECT_EQ(log_, "a:1 ");
}

TEST_F(CommitterTest, AnAnswerMendsNothingWhileWritesAreRefused) {
  start();
  disk_->full = true;
  commit("a");
  simulation_.run_for(milliseconds(1100));
  committer_->heard(true);
  EXPECT_TRUE(committer_->degraded());
  EXPECT_EQ(log_, "degraded(the disk is full) a! ");
}

TEST_F(CommitterTest, AShortRefusalIsInvisible) {
  start();
  disk_->fail_appends = {1};
  commit("a");
  simulation_.run_for(seconds(1));
  EXPECT_EQ(log_, "a:1 ");
}

TEST_F(CommitterTest, BoundsTheBacklogByGivingUpTheOldest) {
  start({.grace = seconds(1), .max_backlog = 3, .max_batch = 100, .retry = {}});
  disk_->full = true;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    commit(name);
  }
  EXPECT_EQ(committer_->backlog(), 5U) << "effects are never given up";
  simulation_.run_for(seconds(2));
  EXPECT_EQ(log_, "degraded(the disk is full) a! b! c! d! e! ");
  EXPECT_EQ(committer_->backlog(), 3U);
  EXPECT_EQ(committer_->given_up(), 2U);
  commit("f");
  simulation_.settle();
  disk_->full = false;
  simulation_.run_for(minutes(10));
  EXPECT_EQ(written(), (std::vector<std::string>{"d", "e", "f"}));
  EXPECT_EQ(log_, "degraded(the disk is full) a! b! c! d! e! f! recovered(3) ");
}

TEST_F(CommitterTest, FlushRetriesAtOnceAndHasALimit) {
  start();
  disk_->full = true;
  commit("a");
  simulation_.run_for(minutes(1));
  const auto flush = [&](seconds limit) {
    return simulation_.run(committer_->flush(simulation_.clock().monotonic_now() + limit));
  };
  const base::Status late = flush(seconds(3));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), base::ErrorCode::kTimeout);
  disk_->full = false;
  const auto before = simulation_.clock().monotonic_now();
  EXPECT_TRUE(flush(seconds(3)));
  EXPECT_EQ(simulation_.clock().monotonic_now(), before);
}

TEST_F(CommitterTest, StopReleasesWhatCannotBeWritten) {
  start();
  disk_->full = true;
  commit("a");
  const auto deadline = simulation_.clock().monotonic_now() + milliseconds(100);
  const base::Status stopped = simulation_.run(committer_->stop(deadline));
  EXPECT_FALSE(stopped);
  EXPECT_EQ(log_, "a! ");
  committer_.reset();
}

/// Whatever append fails, every effect runs once and in order, and every record arrives in order.
TEST_F(CommitterTest, FailingAnyAppendLosesNothing) {
  start();
  for (std::uint64_t failing = 1; failing <= 6; ++failing) {
    disk_->fail_appends = {failing, failing + 1};
    disk_->appends = 0;
    disk_->records.clear();
    log_.clear();
    for (const char* name : {"A", "B", "C", "D", "E"}) {
      commit(name);
      simulation_.settle();
    }
    simulation_.run_for(minutes(5));
    EXPECT_EQ(written(), (std::vector<std::string>{"A", "B", "C", "D", "E"})) << failing;
    std::string names;
    for (const char letter : log_) {
      if (letter >= 'A' && letter <= 'E') {
        names += letter;
      }
    }
    EXPECT_EQ(names, "ABCDE") << failing << ": " << log_;
  }
}

/// A journal that finds some records too large.
class PickyJournal final : public Journal {
 public:
  explicit PickyJournal(std::shared_ptr<MemoryDisk> disk) : memory_(std::move(disk)) {}

  async::Task<base::Result<std::uint64_t>> append(std::vector<model::Record> records) override {
    for (const auto& each : records) {
      if (each.subject == "huge") {
        co_return base::Error(base::ErrorCode::kLimitExceeded, "too large");
      }
    }
    co_return co_await memory_.append(std::move(records));
  }
  async::Task<base::Result<Replay>> replay() override { return memory_.replay(); }
  async::Task<base::Status> save_snapshot(StoredSnapshot snapshot) override {
    return memory_.save_snapshot(std::move(snapshot));
  }
  async::Task<base::Result<std::vector<model::Record>>> query(RecordQuery query) override {
    return memory_.query(std::move(query));
  }
  async::Task<base::Result<std::uint64_t>> expire(base::WallTime before) override {
    return memory_.expire(before);
  }
  async::Task<base::Status> redact(std::uint64_t sequence, model::Record note) override {
    return memory_.redact(sequence, std::move(note));
  }
  async::Task<base::Status> close() override { return memory_.close(); }

 private:
  MemoryJournal memory_;
};

TEST_F(CommitterTest, RecordsThatCannotBeWrittenDoNotBlockTheOthers) {
  PickyJournal picky(disk_);
  Committer committer(simulation_.executor(),
                      {picky, simulation_.timers(), simulation_.clock(), random_}, {},
                      {.on_degraded = {},
                       .on_recovered = {},
                       .on_unwritable = [this](const std::string& why) { log_ += why + " "; },
                       .on_error = {}});
  committer.start();
  for (const char* name : {"a", "huge", "c", "d"}) {
    committer.commit({record(name)}, effect(name));
  }
  simulation_.settle();
  EXPECT_EQ(log_, "a:1 huge! too large c:2 d:3 ");
  EXPECT_EQ(committer.given_up(), 1U);
  EXPECT_TRUE(simulation_.run(committer.stop(simulation_.clock().monotonic_now() + seconds(1))));
}

}  // namespace
}  // namespace tocsin::journal
