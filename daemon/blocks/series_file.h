#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "blocks/database.h"
#include "series/block_store.h"

namespace tocsin::blocks {

/// What a seal of all series leaves behind: with the blocks from `first_block` on, which name every
/// live series, the log before `log_from` is not needed any more.
struct SealPoint {
  std::uint64_t first_block = 0;
  std::uint64_t log_from = 0;
  std::uint32_t last_id = 0;  ///< the greatest that a series had by then
};

/// The file of samples: blocks, and the log of what no block holds yet, in one SQLite database.
/// Every blob has a checksum. Blocking; one thread at a time.
class SeriesFile final : public series::BlockStore {
 public:
  /// Opens or creates the file. kInvalidInput when it is somebody else's database, kUnsupported
  /// when a newer version wrote it, else as Database::open().
  static base::Result<SeriesFile> open(const std::string& path);

  base::Status put(const series::BlockInfo& block, std::string_view blob) override;
  base::Result<std::string> get(std::uint64_t id) override;
  base::Result<std::vector<series::BlockInfo>> list() override;
  base::Status drop(std::uint64_t id) override;
  /// The greatest id of any block that is there, set aside or not.
  base::Result<std::uint64_t> last_block();
  base::Status quarantine(std::uint64_t id) override;

  /// Appends a row to the log and gives its number; numbers only ever grow.
  /// `names` is what it says of ids, as a row of its own kind, kept in a second place.
  base::Result<std::uint64_t> append_log(std::string_view bytes, std::string_view names = {});
  /// The names of the second place, as far as they can be read.
  void read_names(const std::function<void(std::string_view)>& take);
  /// The rows from a number on, in order. Rows whose checksum does not hold are set aside and
  /// counted, and so are those that are missing, once. The bytes are valid during the call.
  base::Result<std::uint64_t> read_log(
      std::uint64_t from, const std::function<void(std::uint64_t, std::string_view)>& take);
  base::Result<std::uint64_t> log_bytes();
  /// The greatest number that any row ever had.
  base::Result<std::uint64_t> last_log_row();

  /// The next row gets this number at least.
  base::Status continue_log_at(std::uint64_t number);

  /// For files that are made anew of damaged ones: a row of the log, the names beside it, a
  /// setting, a note of what is lost.
  base::Status keep_log(std::uint64_t number, std::string_view bytes);
  base::Status keep_names(std::uint64_t number, std::string_view bytes);
  base::Status keep_setting(std::string_view name, std::int64_t value);
  base::Status note_damaged(const char* kind, std::uint64_t id);

  base::Status set_seal_point(const SealPoint& point);
  base::Result<SealPoint> seal_point();
  base::Status set_shift_ms(std::int64_t shift_ms);
  base::Result<std::int64_t> shift_ms();
  /// Remembers that something was written at this time; the latest one stays.
  base::Status note_written(std::int64_t kept_ms);
  /// When something was written last: tocsin's own time, whatever the samples state. 0 in a file of
  /// a version that did not remember.
  base::Result<std::int64_t> written_ms();

  /// Gives up to so many unused pages back to the disk.
  base::Status vacuum();
  /// The file may not grow beyond this; like a full disk. For tests.
  base::Status limit_bytes(std::uint64_t bytes);

 private:
  explicit SeriesFile(Database database) : database_(std::move(database)) {}
  base::Result<std::int64_t> setting(std::string_view name);
  /// Within a transaction: it is written twice.
  base::Status set(std::string_view name, std::int64_t value);
  base::Status set_row_aside(std::uint64_t number);
  base::Result<std::uint64_t> note_missing(const std::vector<std::uint64_t>& numbers);
  base::Result<std::uint64_t> number_of(const char* sql);

  Database database_;
  bool has_copies_ = false;  ///< names and settings have a second place
};

}  // namespace tocsin::blocks
