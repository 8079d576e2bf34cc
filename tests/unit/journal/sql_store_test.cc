#include "journal/sql_store.h"

#include <gtest/gtest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace tocsin::journal {
namespace {

using base::ErrorCode;
using testing::TemporaryFolder;

model::Record record(std::string type, std::string subject, std::int64_t time_ms = 1000) {
  model::Record made;
  made.type = std::move(type);
  made.time = base::from_millis(time_ms);
  made.actor = "rule";
  made.subject = std::move(subject);
  made.payload["note"] = "점검 \"x\" \n";
  return made;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class SqlStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqlStore> open() {
    auto store = SqlStore::open(path_);
    EXPECT_TRUE(store) << store.error().to_string();
    return store ? std::move(*store) : nullptr;
  }

  /// Changes the file behind the journal's back.
  void execute(const std::string& sql) {
    soci::session session(soci::sqlite3, "dbname=\"" + path_ + "\"");
    session << sql;
  }

  base::Error open_error() {
    auto store = SqlStore::open(path_);
    EXPECT_FALSE(store);
    return store ? base::Error(ErrorCode::kInternal, "it opened") : store.error();
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/jour nal.db";
};

TEST_F(SqlStoreTest, KeepsRecordsOverARestart) {
  auto store = open();
  EXPECT_EQ(store->append({record("alert.fired", "a"), record("incident.opened", "INC-1")}), 2U);
  EXPECT_EQ(store->append({}), 2U);
  EXPECT_EQ(store->append({record("clock.stepped", "")}), 3U);
  ASSERT_TRUE(store->close());
  EXPECT_EQ(store->append({record("alert.fired", "a")}).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(store->close().error().code(), ErrorCode::kCancelled);

  store = open();
  const auto replay = store->replay();
  ASSERT_TRUE(replay);
  EXPECT_FALSE(replay->snapshot);
  EXPECT_EQ(replay->cut_records, 0U);
  ASSERT_EQ(replay->records.size(), 3U);
  const model::Record& first = replay->records[0];
  EXPECT_EQ(first.sequence, 1U);
  EXPECT_EQ(first.type, "alert.fired");
  EXPECT_EQ(first.version, 1);
  EXPECT_EQ(first.time, base::from_millis(1000));
  EXPECT_EQ(first.actor, "rule");
  EXPECT_EQ(first.subject, "a");
  EXPECT_EQ(first.payload.at("note").as_string(), "점검 \"x\" \n");
  EXPECT_EQ(store->append({record("alert.fired", "b")}), 4U);
}

TEST_F(SqlStoreTest, ReplaysFromTheNewestSnapshot) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a"), record("alert.fired", "b")}));
  ASSERT_TRUE(store->save_snapshot({1, {{"alerts", 1}}}));
  ASSERT_TRUE(store->save_snapshot({2, {{"alerts", 2}}}));
  ASSERT_TRUE(store->append({record("alert.fired", "c")}));
  ASSERT_TRUE(store->save_snapshot({2, {{"alerts", 22}}}));
  auto replay = store->replay();
  ASSERT_TRUE(replay);
  EXPECT_EQ(replay->snapshot->sequence, 2U);
  EXPECT_EQ(replay->snapshot->state.at("alerts"), 22);
  ASSERT_EQ(replay->records.size(), 1U);
  EXPECT_EQ(replay->records[0].sequence, 3U);

  ASSERT_TRUE(store->close());
  execute("update snapshots set state = '{}' where sequence = 2");
  store = open();
  replay = store->replay();
  ASSERT_TRUE(replay) << "a damaged snapshot falls back to the one before it";
  EXPECT_EQ(replay->snapshot->sequence, 1U);
  EXPECT_EQ(replay->records.size(), 2U);
}

TEST_F(SqlStoreTest, FindsRecordsByTypeAndSubject) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a"), record("alert.resolved", "a"),
                             record("alertx", "a"), record("alert.fired", "b")}));
  const auto count = [&](const RecordQuery& query) { return store->query(query)->size(); };
  EXPECT_EQ(count({}), 4U);
  EXPECT_EQ(count({.type_prefix = "alert."}), 3U);
  EXPECT_EQ(count({.subject = "a"}), 3U);
  EXPECT_EQ(count({.type_prefix = "alert.", .subject = "a", .after_sequence = 1}), 1U);
  EXPECT_EQ(count({.limit = 2}), 2U);
  EXPECT_EQ(store->query({.subject = "b"})->at(0).sequence, 4U);
}

TEST_F(SqlStoreTest, ExpiresRecordsOfAlertsAloneThatEverySnapshotCovers) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a", 1), record("incident.opened", "i", 1),
                             record("notice.queued", "n", 1), record("delivery.tried", "n", 1),
                             record("group.flushed", "g", 1), record("clock.stepped", "", 1),
                             record("alert.fired", "b", 50), record("alert.fired", "c", 1)}));
  EXPECT_EQ(store->expire(base::from_millis(50), 100), 0U) << "no snapshot covers them";
  ASSERT_TRUE(store->save_snapshot({7, {}}));
  EXPECT_EQ(store->expire(base::from_millis(50), 3), 3U);
  EXPECT_EQ(store->expire(base::from_millis(50), 3), 1U);
  std::vector<std::uint64_t> left;
  const auto records = store->query({});
  for (const auto& kept : *records) {
    left.push_back(kept.sequence);
  }
  EXPECT_EQ(left, (std::vector<std::uint64_t>{2, 6, 7, 8}));
  EXPECT_TRUE(store->replay());
}

TEST_F(SqlStoreTest, DoesNotReuseSequencesOfExpiredRecords) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a", 1)}));
  ASSERT_TRUE(store->save_snapshot({1, {}}));
  ASSERT_EQ(store->expire(base::from_millis(2), 10), 1U);
  ASSERT_TRUE(store->close());
  store = open();
  EXPECT_EQ(store->append({record("alert.fired", "b")}), 2U);
}

TEST_F(SqlStoreTest, RedactsAPayloadAndKeepsItsHash) {
  auto store = open();
  ASSERT_TRUE(store->append({record("incident.fact", "INC-1")}));
  ASSERT_TRUE(store->redact(1, record("incident.redacted", "INC-1")));
  EXPECT_EQ(store->redact(9, record("incident.redacted", "INC-1")).error().code(),
            ErrorCode::kNotFound);
  const auto records = store->query({});
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U) << "the refused one left no note";
  EXPECT_EQ(records->at(0).payload.at("redacted"), true);
  EXPECT_EQ(records->at(0).payload.at("hash").as_string().size(), 16U);
  EXPECT_EQ(records->at(1).type, "incident.redacted");
  EXPECT_TRUE(store->replay());
  ASSERT_TRUE(store->close());
  EXPECT_EQ(bytes_of(path_).find("점검 \\\"x"), bytes_of(path_).rfind("점검 \\\"x"))
      << "only the note's own payload is left in the file";
}

TEST_F(SqlStoreTest, SetsADamagedTailAside) {
  auto store = open();
  ASSERT_TRUE(store->append(
      {record("alert.fired", "a"), record("alert.fired", "b"), record("alert.fired", "c")}));
  ASSERT_TRUE(store->close());
  execute("update records set payload = '{\"no' where sequence >= 2");
  store = open();
  auto replay = store->replay();
  ASSERT_TRUE(replay) << replay.error().to_string();
  EXPECT_EQ(replay->cut_records, 2U);
  EXPECT_EQ(replay->records.size(), 1U);
  EXPECT_EQ(store->append({record("alert.fired", "d")}), 4U);
  replay = store->replay();
  ASSERT_TRUE(replay) << "the gap is accounted for";
  EXPECT_EQ(replay->cut_records, 0U);
  EXPECT_EQ(replay->records.size(), 2U);
}

TEST_F(SqlStoreTest, RefusesDamageInTheMiddle) {
  auto store = open();
  ASSERT_TRUE(store->append(
      {record("alert.fired", "a"), record("alert.fired", "b"), record("alert.fired", "c")}));
  ASSERT_TRUE(store->close());
  execute("update records set actor = 'mallory' where sequence = 2");
  store = open();
  const auto replay = store->replay();
  ASSERT_FALSE(replay);
  EXPECT_EQ(replay.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(replay.error().message().find("record 2 is damaged"), std::string::npos);
  EXPECT_EQ(store->query({}).error().code(), ErrorCode::kCorrupt);

  ASSERT_TRUE(store->close());
  execute("delete from records where sequence = 2");
  store = open();
  const auto gap = store->replay();
  ASSERT_FALSE(gap);
  EXPECT_NE(gap.error().message().find("records 2 to 2 are missing"), std::string::npos);
}

TEST_F(SqlStoreTest, RefusesASecondOwner) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a")}));
  const base::Error error = open_error();
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_NE(error.message().find("in use by another process"), std::string::npos);
  EXPECT_EQ(store->append({record("alert.fired", "b")}), 2U);
}

TEST_F(SqlStoreTest, LeavesANewerDatabaseUntouched) {
  for (const bool with_log : {false, true}) {
    auto store = open();
    ASSERT_TRUE(store->append({record("alert.fired", "a")}));
    ASSERT_TRUE(store->close());
    execute("update schema_version set version = 99");
    if (with_log) {
      // A newer version that was killed leaves a log that is not folded in.
      soci::session session(soci::sqlite3, "dbname=\"" + path_ + "\"");
      session << "insert into damaged values (7, '', 1, 1, '', '', '')";
      for (const char* suffix : {"", "-wal"}) {
        std::filesystem::copy_file(path_ + suffix, folder_.path() + "/copy" + suffix);
      }
      session.close();
      for (const char* suffix : {"", "-wal"}) {
        std::filesystem::rename(folder_.path() + "/copy" + suffix, path_ + suffix);
      }
    }
    const std::string before = bytes_of(path_);
    const std::string log_before = bytes_of(path_ + "-wal");
    EXPECT_EQ(log_before.empty(), !with_log);
    const base::Error error = open_error();
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(error.message().find("newer tocsin"), std::string::npos);
    EXPECT_TRUE(bytes_of(path_) == before);
    EXPECT_TRUE(bytes_of(path_ + "-wal") == log_before);
    EXPECT_EQ(std::filesystem::exists(path_ + "-wal"), with_log);
    execute("update schema_version set version = 1");
  }
}

TEST_F(SqlStoreTest, RefusesWhatIsNotItsOwn) {
  for (const char* mode : {"pragma journal_mode = delete", "pragma journal_mode = wal"}) {
    execute(mode);
    execute("create table if not exists orders (id integer)");
    const std::string before = bytes_of(path_);
    EXPECT_EQ(open_error().code(), ErrorCode::kInvalidInput);
    EXPECT_TRUE(bytes_of(path_) == before);
    EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  }

  std::ofstream(path_) << "this is a text file and no database, however long it may be ........";
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt);
  path_ = folder_.path() + "/missing/journal.db";
  EXPECT_EQ(open_error().code(), ErrorCode::kNotFound);
  path_ = folder_.path();
  EXPECT_EQ(open_error().code(), ErrorCode::kDenied);
  path_ = "a\"b";
  EXPECT_EQ(open_error().code(), ErrorCode::kInvalidInput);
}

TEST_F(SqlStoreTest, RefusesOversizedPayloads) {
  auto store = open();
  model::Record huge = record("alert.fired", "a");
  huge.payload["text"] = std::string((16U << 20) + 1, 'x');
  EXPECT_EQ(store->append({huge}).error().code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(store->append({record("alert.fired", "b")}), 1U);
}

/// Lowers the size that files of this process may have, and lifts it again.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit lowered = before_;
    lowered.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &lowered);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SqlStoreTest, SurvivesAFullDisk) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a")}));
  model::Record large = record("alert.fired", "b");
  large.payload["text"] = std::string(1 << 20, 'x');
  {
    const FileSizeLimit limit(256 << 10);
    for (int i = 0; i < 3; ++i) {
      const auto refused = store->append({record("alert.fired", "lost"), large});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
    }
  }
  EXPECT_EQ(store->append({large}), 2U);
  const auto records = store->query({});
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ(records->at(1).subject, "b");
  ASSERT_TRUE(store->close());
  store = open();
  EXPECT_EQ(store->replay()->records.size(), 2U);
}

TEST_F(SqlStoreTest, NoticesThatTheFileIsGoneAndComesBack) {
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a")}));
  const std::string aside = folder_.path() + "/aside.db";
  std::filesystem::rename(path_, aside);
  std::filesystem::rename(path_ + "-wal", aside + "-wal");
  const auto refused = store->append({record("alert.fired", "b")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(path_)) << "no empty journal took its place";
  std::filesystem::rename(aside, path_);
  std::filesystem::rename(aside + "-wal", path_ + "-wal");
  EXPECT_EQ(store->append({record("alert.fired", "b")}), 2U);
  EXPECT_EQ(store->replay()->records.size(), 2U);
}

TEST_F(SqlStoreTest, RefusesAnOlderFileInItsPlace) {
  const std::string backup = folder_.path() + "/backup.db";
  auto store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "a")}));
  ASSERT_TRUE(store->close());
  std::filesystem::copy_file(path_, backup);
  store = open();
  ASSERT_TRUE(store->append({record("alert.fired", "b")}));
  std::filesystem::remove(path_ + "-wal");
  std::filesystem::rename(backup, path_);
  const auto refused = store->append({record("alert.fired", "c")});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("replaced by an older one"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::journal
