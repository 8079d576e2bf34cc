#include "support/memory_journal.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/hash.h"
#include "journal/expiry.h"

namespace tocsin::testing {
namespace {

boost::json::object through_text(const boost::json::object& object) {
  return boost::json::parse(boost::json::serialize(object)).as_object();
}

}  // namespace

MemoryJournal::MemoryJournal(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

base::Status MemoryJournal::refusal() {
  if (closed_) {
    return base::Error(base::ErrorCode::kCancelled, "the journal is closed");
  }
  if (disk_->full) {
    return base::Error(base::ErrorCode::kUnavailable, "the disk is full");
  }
  return {};
}

async::Task<base::Result<std::uint64_t>> MemoryJournal::append(std::vector<model::Record> records) {
  base::Status status = refusal();
  ++disk_->appends;
  if (status && disk_->fail_appends.contains(disk_->appends)) {
    status = base::Error(base::ErrorCode::kUnavailable, "told to refuse this append");
  }
  if (!status) {
    co_return status.error();
  }
  for (model::Record& record : records) {
    record.sequence = ++disk_->last_sequence;
    record.payload = through_text(record.payload);
    disk_->records.push_back(std::move(record));
  }
  co_return disk_->last_sequence;
}

async::Task<base::Result<journal::Replay>> MemoryJournal::replay() {
  journal::Replay replay;
  std::uint64_t after = 0;
  if (!disk_->snapshots.empty()) {
    const auto& [sequence, state] = *disk_->snapshots.rbegin();
    replay.snapshot = journal::StoredSnapshot{sequence, boost::json::parse(state).as_object()};
    after = sequence;
  }
  for (const model::Record& record : disk_->records) {
    if (record.sequence > after) {
      replay.records.push_back(record);
    }
  }
  co_return base::Result<journal::Replay>(std::move(replay));
}

async::Task<base::Status> MemoryJournal::save_snapshot(journal::StoredSnapshot snapshot) {
  base::Status status = refusal();
  if (status) {
    auto& kept = disk_->snapshots;
    kept.erase(kept.lower_bound(snapshot.sequence), kept.end());
    kept[snapshot.sequence] = boost::json::serialize(snapshot.state);
    while (kept.size() > 2) {
      kept.erase(kept.begin());
    }
  }
  co_return status;
}

async::Task<base::Result<std::vector<model::Record>>> MemoryJournal::query(
    journal::RecordQuery query) {
  std::vector<model::Record> found;
  for (const model::Record& record : disk_->records) {
    const bool wanted = record.sequence > query.after_sequence &&
                        record.type.starts_with(query.type_prefix) &&
                        (query.subject.empty() || record.subject == query.subject);
    if (wanted && found.size() < query.limit) {
      found.push_back(record);
    }
  }
  co_return base::Result<std::vector<model::Record>>(std::move(found));
}

async::Task<base::Result<std::uint64_t>> MemoryJournal::expire(base::WallTime before) {
  const base::Status status = refusal();
  if (!status) {
    co_return status.error();
  }
  const std::uint64_t covered = disk_->snapshots.empty() ? 0 : disk_->snapshots.begin()->first;
  const auto gone = std::erase_if(disk_->records, [&](const model::Record& record) {
    return record.sequence <= covered && record.time < before && journal::is_expirable(record.type);
  });
  co_return static_cast<std::uint64_t>(gone);
}

async::Task<base::Status> MemoryJournal::redact(std::uint64_t sequence, model::Record note) {
  base::Status status = refusal();
  if (!status) {
    co_return status;
  }
  const auto found =
      std::find_if(disk_->records.begin(), disk_->records.end(),
                   [sequence](const model::Record& record) { return record.sequence == sequence; });
  if (found == disk_->records.end()) {
    co_return base::Error(base::ErrorCode::kNotFound,
                          "there is no record " + std::to_string(sequence));
  }
  const std::string hash = base::to_hex(base::fnv1a(boost::json::serialize(found->payload)));
  found->payload = {{"redacted", true}, {"hash", hash}};
  note.sequence = ++disk_->last_sequence;
  disk_->records.push_back(std::move(note));
  co_return base::Status{};
}

async::Task<base::Status> MemoryJournal::close() {
  closed_ = true;
  co_return base::Status{};
}

}  // namespace tocsin::testing
