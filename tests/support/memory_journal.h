#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "journal/journal.h"

namespace tocsin::testing {

/// What a MemoryJournal writes to. It outlives journals, so a test can "restart" on it.
struct MemoryDisk {
  std::vector<model::Record> records;
  std::map<std::uint64_t, std::string> snapshots;  ///< by sequence, as JSON text; at most two
  std::uint64_t last_sequence = 0;

  std::uint64_t appends = 0;             ///< calls of append() so far, refused ones included
  std::set<std::uint64_t> fail_appends;  ///< numbers of the append() calls to refuse, from 1
  bool full = false;                     ///< refuse every append() and save_snapshot()
};

/// A journal in memory with the behaviour of the real one, payloads going through JSON text.
class MemoryJournal final : public journal::Journal {
 public:
  explicit MemoryJournal(std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>());

  MemoryDisk& disk() { return *disk_; }

  async::Task<base::Result<std::uint64_t>> append(std::vector<model::Record> records) override;
  async::Task<base::Result<journal::Replay>> replay() override;
  async::Task<base::Status> save_snapshot(journal::StoredSnapshot snapshot) override;
  async::Task<base::Result<std::vector<model::Record>>> query(journal::RecordQuery query) override;
  async::Task<base::Result<std::uint64_t>> expire(base::WallTime before) override;
  async::Task<base::Status> redact(std::uint64_t sequence, model::Record note) override;
  async::Task<base::Status> close() override;

 private:
  base::Status refusal();

  std::shared_ptr<MemoryDisk> disk_;
  bool closed_ = false;
};

}  // namespace tocsin::testing
