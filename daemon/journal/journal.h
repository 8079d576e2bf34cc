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
};

struct RecordQuery {
  std::string type_prefix;  ///< "" for all
  std::string subject;      ///< "" for all
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

  /// Stores the state folded up to `sequence`; older snapshots go. Records stay.
  virtual async::Task<base::Status> save_snapshot(StoredSnapshot snapshot) = 0;

  /// Records in order of sequence.
  virtual async::Task<base::Result<std::vector<model::Record>>> query(RecordQuery query) = 0;

  /// Erases records of alerts alone ("alert.", "notice.", "delivery.") before `before` that the
  /// newest snapshot covers; incident records stay. Returns how many went.
  virtual async::Task<base::Result<std::uint64_t>> expire(base::WallTime before) = 0;

  /// Writes what is pending and closes. Later calls give kCancelled.
  virtual async::Task<base::Status> close() = 0;
};

}  // namespace tocsin::journal
