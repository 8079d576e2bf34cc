#include "blocks/salvage.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "blocks/database.h"
#include "blocks/internal.h"
#include "series/block.h"
#include "series/bytes.h"

namespace tocsin::blocks {
namespace {

constexpr std::size_t kPageBytes = 4096;
/// So many numbers between two readable ends of a table are tried one by one.
constexpr std::uint64_t kProbes = 100'000;
constexpr const char* kParts[] = {"", "-wal", "-shm"};

void move_file(const std::string& from, const std::string& to) {
  for (const char* part : kParts) {
    // A log of another file must not lie beside it.
    std::remove((to + part).c_str());
    std::rename((from + part).c_str(), (to + part).c_str());
  }
}

using Page = std::array<char, kPageBytes>;

std::optional<Page> first_page(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  Page page;
  if (!file || std::fread(page.data(), page.size(), 1, file.get()) != 1) {
    return std::nullopt;
  }
  return page;
}

/// Tables are made in one order and never dropped, so that they lie where those of a new file do.
void replace_first_page(const std::string& path, Page page) {
  // The count of pages is not known: when these two differ, SQLite takes it from the file's size.
  constexpr std::size_t kChangeCounter = 27;
  constexpr std::size_t kCountValidFor = 95;
  page[kCountValidFor] = static_cast<char>(page[kChangeCounter] + 1);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r+b"),
                                                             std::fclose);
  if (file) {
    std::fwrite(page.data(), page.size(), 1, file.get());
  }
}

bool readable(const Database& database, const char* sql) {
  return database.prepare(sql).status().has_value();
}

/// Opens what is to be read. Nothing when not even the tables can be found.
std::optional<Database> open_source(const std::string& path) {
  auto database = Database::open(path);
  if (!database) {
    return std::nullopt;
  }
  for (const char* sql :
       {"select sequence, checksum, payload from log", "select name, value from settings",
        "select id, min_time_ms, max_time_ms, series, samples, bytes, checksum from blocks",
        "select id, payload from block_bytes", "select kind, id from damaged"}) {
    if (!readable(*database, sql)) {
      return std::nullopt;
    }
  }
  return *std::move(database);
}

/// The keys of a table, ascending, from both of its ends and what lies between, around pages that
/// cannot be read.
struct Keys {
  std::set<std::uint64_t> found;
  std::uint64_t unreadable = 0;  ///< at least
};

Keys keys_of(const Database& database, const std::string& table, const std::string& key) {
  Keys keys;
  const std::string all = "select " + key + " from " + table + " order by " + key;
  Statement forward = database.prepare(all.c_str());
  std::uint64_t low = 0;
  bool ordered = true;
  while (ordered && forward.step()) {
    ordered = forward.unsigned_number(0) > low;
    if (ordered) {
      low = forward.unsigned_number(0);
      keys.found.insert(low);
    }
  }
  if (ordered && forward.status()) {
    return keys;
  }
  if (!ordered) {
    // One of the two is wrong, and the lower one has more beside it.
    keys.found.erase(low);
    low = keys.found.empty() ? 0 : *keys.found.rbegin();
  }
  Statement backward = database.prepare((all + " desc").c_str());
  std::uint64_t high = std::numeric_limits<std::int64_t>::max();
  bool any = false;
  while (backward.step() && backward.unsigned_number(0) < high &&
         backward.unsigned_number(0) > low) {
    high = backward.unsigned_number(0);
    keys.found.insert(high);
    any = true;
  }
  const std::string one = "select 1 from " + table + " where " + key + " = ?";
  const std::uint64_t last = any ? std::min(high, low + kProbes) : low + 1;
  for (std::uint64_t number = low + 1; number < last; ++number) {
    Statement probe = database.prepare(one.c_str());
    probe.bind(number);
    if (probe.step()) {
      keys.found.insert(number);
    } else if (!probe.status()) {
      ++keys.unreadable;
    }
  }
  keys.unreadable = std::max<std::uint64_t>(keys.unreadable, 1);
  return keys;
}

class Copy {
 public:
  Copy(const Database& from, SeriesFile& to) : from_(from), to_(to) {
    Statement aside = from_.prepare("select kind = 'log', id from damaged");
    while (aside.step()) {
      (aside.number(0) != 0 ? log_aside_ : blocks_aside_).insert(aside.unsigned_number(1));
    }
  }

  void all() {
    settings();
    names();
    log();
    blocks();
  }

  std::uint64_t lost_blocks() const { return lost_blocks_; }
  std::uint64_t lost_log_rows() const { return lost_rows_; }

 private:
  void settings() {
    // The second copy first: what the first one says is newer, if it differs.
    for (const char* sql :
         {"select name, value from settings_again", "select name, value from settings"}) {
      Statement statement = from_.prepare(sql);
      while (statement.step()) {
        keep(to_.keep_setting(statement.blob(0), statement.number(1)));
      }
    }
  }

  void names() {
    for (const std::uint64_t number : keys_of(from_, "names", "sequence").found) {
      Statement row = from_.prepare("select checksum, payload from names where sequence = ?");
      row.bind(number);
      if (row.step() && series::checksum(row.blob(1)) == row.unsigned_number(0)) {
        keep(to_.keep_names(number, row.blob(1)));
      }
    }
  }

  void log() {
    const auto point = to_.seal_point();
    const Keys keys = keys_of(from_, "log", "sequence");
    std::uint64_t begin = point ? std::max<std::uint64_t>(point->log_from, 1) : 1;
    if (begin == 1 && !keys.found.empty() && *keys.found.begin() > kProbes) {
      begin = *keys.found.begin();  // where the log begins is not known
    }
    std::uint64_t end = keys.found.empty() ? begin : *keys.found.rbegin() + 1;
    Statement last = from_.prepare("select seq from sqlite_sequence where name = 'log'");
    if (last.step()) {
      // A number that nothing else speaks for may be damaged itself.
      const std::uint64_t next = last.unsigned_number(0) + 1;
      end = next > end + kProbes ? end : std::max(end, next);
    }
    std::uint64_t kept = 0;
    std::uint64_t missing = 0;
    for (const std::uint64_t number : keys.found) {
      if (number < begin) {
        continue;
      }
      Statement row = from_.prepare("select checksum, payload from log where sequence = ?");
      row.bind(number);
      if (row.step() && series::checksum(row.blob(1)) == row.unsigned_number(0) &&
          keep(to_.keep_log(number, row.blob(1)))) {
        ++kept;
      } else {
        keep(to_.note_damaged("log", number));
        ++missing;
      }
    }
    for (std::uint64_t number = begin; number < end; ++number) {
      if (!keys.found.contains(number)) {
        keep(to_.note_damaged("log", number));
        missing += log_aside_.contains(number) ? 0 : 1;
      }
    }
    lost_rows_ = std::max(missing, kept == 0 ? keys.unreadable : 0);
    keep(to_.continue_log_at(end));
  }

  std::optional<series::BlockInfo> listed(std::uint64_t id, std::string_view blob) const {
    Statement row = from_.prepare(
        "select min_time_ms, max_time_ms, series, samples, bytes, checksum from blocks"
        " where id = ?");
    row.bind(id);
    if (!row.step()) {
      return std::nullopt;
    }
    return row.unsigned_number(5) != series::checksum(blob)
               ? std::nullopt
               : std::optional(series::BlockInfo{.id = id,
                                                 .min_time_ms = row.number(0),
                                                 .max_time_ms = row.number(1),
                                                 .series = row.unsigned_number(2),
                                                 .samples = row.unsigned_number(3),
                                                 .bytes = row.unsigned_number(4)});
  }

  bool copy_block(std::uint64_t id, bool is_listed) {
    Statement row = from_.prepare("select payload from block_bytes where id = ?");
    row.bind(id);
    if (!row.step()) {
      return false;
    }
    const std::string_view blob = row.blob(0);
    std::optional<series::BlockInfo> info = listed(id, blob);
    if (!info && !is_listed) {
      // The list alone is damaged: the block says itself what it is.
      const auto block = series::Block::parse(std::make_shared<const std::string>(blob));
      info = block ? std::optional(describe_block(id, *block, blob.size())) : std::nullopt;
    }
    return info && keep(to_.put(*info, blob));
  }

  void blocks() {
    const Keys list = keys_of(from_, "blocks", "id");
    const Keys bytes = keys_of(from_, "block_bytes", "id");
    std::set<std::uint64_t> ids = list.found;
    ids.insert(bytes.found.begin(), bytes.found.end());
    // The newest first: the disk may not have room for all of them.
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
      const bool is_listed = list.found.contains(*id);
      if (!is_listed && blocks_aside_.contains(*id)) {
        continue;
      }
      if (full_ || !copy_block(*id, is_listed)) {
        ++lost_blocks_;
      }
    }
    if (lost_blocks_ == 0 && list.unreadable > 0 && bytes.unreadable > 0) {
      lost_blocks_ = 1;
    }
  }

  bool keep(const base::Status& status) {
    full_ |= !status && status.error().code() == base::ErrorCode::kUnavailable;
    return status.has_value();
  }

  const Database& from_;
  SeriesFile& to_;
  std::set<std::uint64_t> log_aside_;
  std::set<std::uint64_t> blocks_aside_;
  std::uint64_t lost_blocks_ = 0;
  std::uint64_t lost_rows_ = 0;
  bool full_ = false;
};

}  // namespace

bool head_is_damaged(const std::string& path) {
  const std::optional<Page> page = first_page(path);
  if (!page) {
    return false;
  }
  // The text, the size of pages, the versions of the format, reserved bytes, shares of a page.
  static constexpr char kHead[] = "SQLite format 3\0\x10\0\2\2\0\x40\x20\x20";
  return std::string_view(page->data(), sizeof kHead - 1) !=
         std::string_view(kHead, sizeof kHead - 1);
}

bool tells_of_damage(const base::Error& error) {
  return error.code() == base::ErrorCode::kCorrupt || error.code() == base::ErrorCode::kInternal;
}

base::Result<Salvage> salvage(const std::string& path) {
  const std::string aside = path + ".damaged";
  move_file(path, aside);
  // Closed once, so that its first page is in the file.
  auto fresh = SeriesFile::open(path);
  std::optional<Page> page;
  if (fresh) {
    {
      const SeriesFile closed = *std::move(fresh);
    }
    page = first_page(path);
    fresh = SeriesFile::open(path);
  }
  if (!fresh) {
    move_file(aside, path);
    return fresh.error();
  }
  Salvage made{.file = *std::move(fresh)};
  std::optional<Database> source = open_source(aside);
  if (!source && page) {
    replace_first_page(aside, *page);
    source = open_source(aside);
  }
  if (!source) {
    made.lost_blocks = 1;
    return made;
  }
  Copy copy(*source, made.file);
  copy.all();
  made.lost_blocks = copy.lost_blocks();
  made.lost_log_rows = copy.lost_log_rows();
  return made;
}

}  // namespace tocsin::blocks
