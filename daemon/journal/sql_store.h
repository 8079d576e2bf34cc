#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "journal/journal.h"
#include "model/record.h"

namespace soci {
class session;
}

namespace tocsin::journal {

/// The journal's tables, without threads or coroutines: each call blocks and is one transaction.
/// Use from one thread at a time. After a failure that breaks the connection the next call opens
/// the file again.
class SqlStore {
 public:
  /// Opens, locks and migrates the file. Refuses, in one sentence and without changing a byte, a
  /// file that another process holds, that a newer version wrote, or that is not ours.
  static base::Result<std::unique_ptr<SqlStore>> open(std::string path);

  ~SqlStore();
  SqlStore(const SqlStore&) = delete;
  SqlStore& operator=(const SqlStore&) = delete;

  /// Writes the records in order, all or none; returns the sequence of the last one. The
  /// sequence last written, when there are none.
  base::Result<std::uint64_t> append(const std::vector<model::Record>& records);

  /// Checks every record it returns. Damaged records at the end are moved to the table `damaged`
  /// and counted; a damaged or missing one before a sound one is kCorrupt.
  base::Result<Replay> replay();

  /// Keeps this snapshot and the one before it.
  base::Status save_snapshot(const StoredSnapshot& snapshot);

  base::Result<std::vector<model::Record>> query(const RecordQuery& query);

  /// Erases at most `limit` expirable records; returns how many went.
  base::Result<std::uint64_t> expire(base::WallTime before, std::uint64_t limit);

  /// Erases the payload of one record and appends `note`, which says who did it and why.
  /// kNotFound when there is no such record.
  base::Status redact(std::uint64_t sequence, const model::Record& note);

  /// Folds the log into the file and closes. Later calls give kCancelled.
  base::Status close();

 private:
  explicit SqlStore(std::string path);

  base::Status connect();
  base::Status ensure_connected();
  /// Runs `work` in a transaction; whatever fails rolls it back.
  template <class Work>
  base::Status transact(Work work);
  template <class Work>
  base::Status guarded(Work work);

  base::Status check_gapless(const Replay& replay, std::uint64_t after);

  std::string path_;
  std::unique_ptr<soci::session> session_;
  std::uint64_t last_sequence_ = 0;
  bool closed_ = false;
};

}  // namespace tocsin::journal
