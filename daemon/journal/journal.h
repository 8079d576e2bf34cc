#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/record.h"

namespace tocsin::journal {

/// The state of all machines at one point of the journal; replay starts there.
struct StoredSnapshot {
  std::uint64_t sequence = 0;  ///< the last record that is folded in
  boost::json::object state;
};

/// What a start reads: the newest snapshot, if any, and every live record after it, in order.
struct Replay {
  std::optional<StoredSnapshot> snapshot;
  std::vector<model::Record> records;
  std::uint64_t cut_records = 0;  ///< damaged ones at the end that were set aside
};

struct RecordQuery {
  std::string type_prefix = {};  ///< "" for all
  std::string subject = {};      ///< "" for all
  std::uint64_t after_sequence = 0;
  std::size_t limit = 1000;
};

/// The durable, append-only table of decisions. Main loop only; calls suspend while the
/// database's own thread works. Appends are written in the order in which they were called.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Writes the records in one transaction and returns the sequence of the last one. kUnavailable
  /// when the database refuses (disk full, locked, gone): nothing of it is written then.
  virtual async::Task<base::Result<std::uint64_t>> append(std::vector<model::Record> records) = 0;

  /// Reads back what is needed to restore the live state.
  virtual async::Task<base::Result<Replay>> replay() = 0;

  /// Stores the state folded up to `sequence`; of the older snapshots only the last one stays, in
  /// case this one turns out damaged. Records stay.
  virtual async::Task<base::Status> save_snapshot(StoredSnapshot snapshot) = 0;

  /// Records in order of sequence.
  virtual async::Task<base::Result<std::vector<model::Record>>> query(RecordQuery query) = 0;

  /// Erases records of alerts alone ("alert.", "notice.", "delivery.", "group.") before `before`
  /// that every kept snapshot covers; all others stay. Returns how many went.
  virtual async::Task<base::Result<std::uint64_t>> expire(base::WallTime before) = 0;

  /// Erases the payload of one record for good and keeps its hash; `note` is appended in the same
  /// transaction and says who did it. The record then reads as {"redacted": true, "hash": "…"}.
  /// kNotFound when there is no such record.
  virtual async::Task<base::Status> redact(std::uint64_t sequence, model::Record note) = 0;

  /// Writes what is pending and closes. Later calls give kCancelled. Takes as long as the disk
  /// does, unless it is cancelled.
  virtual async::Task<base::Status> close() = 0;
};

}  // namespace tocsin::journal
