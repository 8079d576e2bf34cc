#include "journal/sql_store.h"

#include <soci/soci.h>

#include <algorithm>
#include <span>
#include <utility>

#include "journal/row.h"
#include "journal/schema.h"
#include "journal/sqlite.h"
#include "journal/tables.h"

namespace tocsin::journal {
namespace {

base::Error closed() { return {base::ErrorCode::kCancelled, "the journal is closed"}; }

}  // namespace

SqlStore::SqlStore(std::string path) : path_(std::move(path)) {}
SqlStore::~SqlStore() = default;

base::Result<std::unique_ptr<SqlStore>> SqlStore::open(std::string path) {
  std::unique_ptr<SqlStore> store(new SqlStore(std::move(path)));
  base::Status connected = store->connect();
  if (!connected) {
    return connected.error();
  }
  return store;
}

base::Status SqlStore::connect() {
  if (base::Status known = check_untouched(path_); !known) {
    return std::move(known.error()).context(path_);
  }
  auto opened = open_sqlite(path_);
  if (!opened) {
    return opened.error();
  }
  const auto version = schema_version(**opened);
  if (!version) {
    abandon_sqlite(std::move(*opened));
    return base::Error(version.error()).context(path_);
  }
  base::Status ready = tune_sqlite(**opened);
  if (ready) {
    ready = migrate(**opened, *version);
  }
  if (!ready) {
    return base::Error(ready.error()).context(path_);
  }
  session_ = std::move(*opened);
  const std::uint64_t known = last_sequence_;
  base::Status read = guarded([this]() -> base::Status {
    last_sequence_ = tables::last_sequence(*session_);
    return {};
  });
  if (!read) {
    session_.reset();
    return base::Error(read.error()).context(path_);
  }
  if (last_sequence_ < known) {
    last_sequence_ = known;
    session_.reset();
    return base::Error(base::ErrorCode::kUnavailable,
                       path_ + ": the file was replaced by an older one while in use");
  }
  return {};
}

base::Status SqlStore::ensure_connected() {
  if (closed_) {
    return closed();
  }
  if (session_ && sqlite_file_in_place(*session_)) {
    return {};
  }
  if (!sqlite_path_exists(path_)) {
    // The open file stays open: when the path leads to it again, work goes on.
    return base::Error(base::ErrorCode::kUnavailable, path_ + ": the file is gone");
  }
  session_.reset();
  return connect();
}

template <class Work>
base::Status SqlStore::guarded(Work work) {
  try {
    return work();
  } catch (const soci::soci_error& error) {
    base::Error failure = describe(error);
    if (!connection_survives(error)) {
      session_.reset();
    }
    return failure;
  } catch (const std::exception& error) {
    return base::Error(base::ErrorCode::kInternal, error.what());
  }
}

template <class Work>
base::Status SqlStore::transact(Work work) {
  base::Status connected = ensure_connected();
  if (!connected) {
    return connected;
  }
  return guarded([&]() -> base::Status {
    bool open = false;
    try {
      session_->begin();
      open = true;
      base::Status done = work();
      if (!done) {
        session_->rollback();
        return done;
      }
      session_->commit();
      return {};
    } catch (const soci::soci_error&) {
      if (open) {
        try {
          session_->rollback();
        } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch): the first error counts
          // SQLite has already rolled back after a full disk or an I/O error.
        }
      }
      throw;
    }
  });
}

base::Result<std::uint64_t> SqlStore::append(const std::vector<model::Record>& records) {
  if (closed_) {
    return closed();
  }
  std::vector<Row> rows;
  rows.reserve(records.size());
  for (const model::Record& record : records) {
    auto row = encode(record, last_sequence_ + rows.size() + 1);
    if (!row) {
      return row.error();
    }
    rows.push_back(std::move(*row));
  }
  if (rows.empty()) {
    return last_sequence_;
  }
  const std::uint64_t expected = last_sequence_;
  base::Status written = transact([&]() -> base::Status {
    // A connection opened again may have found that an earlier commit had succeeded after all.
    for (std::size_t i = 0; last_sequence_ != expected && i < rows.size(); ++i) {
      rows[i].sequence = static_cast<long long>(last_sequence_) + static_cast<long long>(i) + 1;
      rows[i].checksum = row_checksum(rows[i]);
    }
    tables::insert(*session_, rows);
    return {};
  });
  if (!written) {
    return written.error();
  }
  last_sequence_ += rows.size();
  return last_sequence_;
}

base::Status SqlStore::check_gapless(const Replay& replay, std::uint64_t after) {
  std::uint64_t previous = after;
  for (const model::Record& record : replay.records) {
    const std::uint64_t missing = record.sequence - previous - 1;
    if (missing > 0 &&
        tables::count_set_aside(*session_, previous + 1, record.sequence - 1) != missing) {
      return base::Error(base::ErrorCode::kCorrupt,
                         path_ + ": records " + std::to_string(previous + 1) + " to " +
                             std::to_string(record.sequence - 1) +
                             " are missing; restore the file from a backup or move it aside");
    }
    previous = record.sequence;
  }
  return {};
}

base::Result<Replay> SqlStore::replay() {
  Replay replay;
  base::Status done = transact([&]() -> base::Status {
    replay.snapshot = tables::newest_sound_snapshot(*session_);
    const std::uint64_t after = replay.snapshot ? replay.snapshot->sequence : 0;
    const std::vector<Row> rows = tables::rows_after(*session_, after);
    std::size_t first_damaged = rows.size();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto record = decode(rows[i]);
      if (record && first_damaged < rows.size()) {
        return base::Error(base::ErrorCode::kCorrupt,
                           path_ + ": record " + std::to_string(rows[first_damaged].sequence) +
                               " is damaged and later ones are not; restore the file from a "
                               "backup or move it aside");
      }
      if (record) {
        replay.records.push_back(std::move(*record));
      } else {
        first_damaged = std::min(first_damaged, i);
      }
    }
    replay.cut_records = rows.size() - first_damaged;
    base::Status gapless = check_gapless(replay, after);
    if (gapless) {
      tables::set_aside(*session_, std::span(rows).subspan(first_damaged));
    }
    return gapless;
  });
  if (!done) {
    return done.error();
  }
  return replay;
}

base::Status SqlStore::save_snapshot(const StoredSnapshot& snapshot) {
  return transact([&]() -> base::Status {
    tables::insert_snapshot(*session_, snapshot);
    return {};
  });
}

base::Result<std::vector<model::Record>> SqlStore::query(const RecordQuery& query) {
  std::vector<model::Record> records;
  base::Status connected = ensure_connected();
  if (!connected) {
    return connected.error();
  }
  base::Status done = guarded([&]() -> base::Status {
    for (const Row& row : tables::rows_matching(*session_, query)) {
      auto record = decode(row);
      if (!record) {
        return base::Error(record.error()).context(path_);
      }
      records.push_back(std::move(*record));
    }
    return {};
  });
  if (!done) {
    return done.error();
  }
  return records;
}

base::Result<std::uint64_t> SqlStore::expire(base::WallTime before, std::uint64_t limit) {
  std::uint64_t erased = 0;
  base::Status done = transact([&]() -> base::Status {
    erased = tables::erase_expirable(*session_, before, limit);
    return {};
  });
  if (!done) {
    return done.error();
  }
  return erased;
}

base::Status SqlStore::redact(std::uint64_t sequence, const model::Record& note) {
  auto row = encode(note, last_sequence_ + 1);
  if (!row) {
    return row.error();
  }
  base::Status done = transact([&]() -> base::Status {
    if (!tables::redact(*session_, sequence)) {
      return base::Error(base::ErrorCode::kNotFound,
                         "there is no record " + std::to_string(sequence));
    }
    row->sequence = static_cast<long long>(last_sequence_) + 1;
    row->checksum = row_checksum(*row);
    tables::insert(*session_, {*row});
    return {};
  });
  if (done) {
    ++last_sequence_;
  }
  return done;
}

base::Status SqlStore::close() {
  if (closed_) {
    return closed();
  }
  closed_ = true;
  if (!session_) {
    return {};
  }
  base::Status folded = guarded([this]() -> base::Status {
    session_->close();
    return {};
  });
  session_.reset();
  return folded;
}

}  // namespace tocsin::journal
