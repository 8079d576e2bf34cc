#include "blocks/series_file.h"

#include <string>
#include <utility>

#include "series/bytes.h"

namespace tocsin::blocks {
namespace {

// "tocs" and the version of the tables.
constexpr std::int64_t kApplication = 0x746f6373;
constexpr std::int64_t kVersion = 1;

// What the log's ids stand for, once more, with the numbers of the rows that said so: since the
// seal before the last one, so that each name that is needed lies in two places.
constexpr const char* kNames =
    "create table if not exists names (sequence integer primary key, checksum integer not null,"
    " payload blob not null)";
constexpr const char* kSettingsAgain =
    "create table if not exists settings_again (name text primary key, value integer not null)"
    " without rowid";

constexpr const char* kTables[] = {
    "create table settings (name text primary key, value integer not null) without rowid",
    // autoincrement: numbers of rows that are gone do not come back.
    "create table log (sequence integer primary key autoincrement, checksum integer not null,"
    " payload blob not null)",
    "create table blocks (id integer primary key, min_time_ms integer not null,"
    " max_time_ms integer not null, series integer not null, samples integer not null,"
    " bytes integer not null, checksum integer not null)",
    // Apart, so that the list of blocks is read without their bytes.
    "create table block_bytes (id integer primary key, payload blob not null)",
    "create table damaged (kind text not null, id integer not null, payload blob)",
    kNames,
    kSettingsAgain,
    "pragma application_id = 1953457011",
    "pragma user_version = 1",
};

/// How many of the tables of the first version there are.
constexpr const char* kCountTables =
    "select count(*) from sqlite_master where type = 'table' and name in"
    " ('settings', 'log', 'blocks', 'block_bytes', 'damaged')";
constexpr const char* kCountCopies =
    "select count(*) from sqlite_master where type = 'table' and name in"
    " ('names', 'settings_again')";
constexpr std::int64_t kFirstTables = 5;

base::Error damaged_tables() {
  return {base::ErrorCode::kCorrupt, "the file's tables are damaged"};
}

base::Result<std::int64_t> ask(Database& database, const char* sql) {
  Statement statement = database.prepare(sql);
  const std::int64_t value = statement.step() ? statement.number(0) : 0;
  if (!statement.status()) {
    return statement.status().error();
  }
  return value;
}

/// Adds what files of before lack. A full disk may have no room for it: they do without then.
bool add_copies(Database& database) {
  const auto copies = ask(database, kCountCopies);
  if (copies && *copies == 2) {
    return true;
  }
  const base::Status added = database.transaction([&database]() -> base::Status {
    for (const char* sql :
         {kNames, kSettingsAgain,
          "insert or replace into settings_again (name, value) select name, value from settings"}) {
      if (base::Status made = database.execute(sql); !made) {
        return made;
      }
    }
    return {};
  });
  return added.has_value();
}

base::Status prepare_tables(Database& database) {
  const auto application = ask(database, "pragma application_id");
  const auto version = ask(database, "pragma user_version");
  const auto tables = ask(database, "select count(*) from sqlite_master");
  const auto ours = ask(database, kCountTables);
  for (const auto* answer : {&application, &version, &tables, &ours}) {
    if (!*answer) {
      return answer->error().code() == base::ErrorCode::kInternal ? damaged_tables()
                                                                  : answer->error();
    }
  }
  if (*application == kApplication && *version > kVersion) {
    return base::Error(base::ErrorCode::kUnsupported, "a newer tocsin wrote this file");
  }
  if (*application == kApplication && *ours == kFirstTables) {
    return {};
  }
  if (*application == kApplication || *ours == kFirstTables) {
    return damaged_tables();
  }
  if (*tables > 0) {
    return base::Error(base::ErrorCode::kInvalidInput, "this database is not tocsin's");
  }
  return database.transaction([&database]() -> base::Status {
    for (const char* sql : kTables) {
      if (base::Status made = database.execute(sql); !made) {
        return made;
      }
    }
    return {};
  });
}

}  // namespace

base::Result<SeriesFile> SeriesFile::open(const std::string& path) {
  auto database = Database::open(path);
  if (!database) {
    return database.error();
  }
  if (base::Status prepared = prepare_tables(*database); !prepared) {
    return std::move(prepared.error()).context(path);
  }
  SeriesFile file(*std::move(database));
  file.has_copies_ = add_copies(file.database_);
  return file;
}

base::Status SeriesFile::put(const series::BlockInfo& block, std::string_view blob) {
  return database_.transaction([&]() -> base::Status {
    base::Status put = database_
                           .prepare(
                               "insert into blocks (id, min_time_ms, max_time_ms, series,"
                               " samples, bytes, checksum) values (?, ?, ?, ?, ?, ?, ?)")
                           .bind(block.id)
                           .bind(block.min_time_ms)
                           .bind(block.max_time_ms)
                           .bind(block.series)
                           .bind(block.samples)
                           .bind(block.bytes)
                           .bind(series::checksum(blob))
                           .run();
    if (!put) {
      return put;
    }
    return database_.prepare("insert into block_bytes (id, payload) values (?, ?)")
        .bind(block.id)
        .bind(blob)
        .run();
  });
}

base::Result<std::string> SeriesFile::get(std::uint64_t id) {
  Statement statement = database_.prepare(
      "select b.checksum, p.payload from blocks b join block_bytes p on p.id = b.id"
      " where b.id = ?");
  statement.bind(id);
  const bool found = statement.step();
  if (!statement.status()) {
    return statement.status().error();
  }
  if (!found) {
    return base::Error(base::ErrorCode::kNotFound, "no block " + std::to_string(id));
  }
  const std::string_view blob = statement.blob(1);
  if (series::checksum(blob) != statement.unsigned_number(0)) {
    return base::Error(base::ErrorCode::kCorrupt,
                       "the checksum of block " + std::to_string(id) + " does not hold");
  }
  return std::string(blob);
}

base::Result<std::vector<series::BlockInfo>> SeriesFile::list() {
  Statement statement = database_.prepare(
      "select id, min_time_ms, max_time_ms, series, samples, bytes from blocks order by id");
  std::vector<series::BlockInfo> blocks;
  bool ordered = true;
  while (statement.step()) {
    ordered &= blocks.empty() || statement.unsigned_number(0) > blocks.back().id;
    blocks.push_back({.id = statement.unsigned_number(0),
                      .min_time_ms = statement.number(1),
                      .max_time_ms = statement.number(2),
                      .series = statement.unsigned_number(3),
                      .samples = statement.unsigned_number(4),
                      .bytes = statement.unsigned_number(5)});
  }
  if (!statement.status()) {
    return statement.status().error();
  }
  // A damaged list may have lost its end in silence.
  const auto newest =
      ask(database_,
          "select coalesce(max(id), 0) from (select id from block_bytes where id not"
          " in (select id from damaged where kind = 'block')"
          " order by id desc limit 1)");
  if (!newest) {
    return newest.error();
  }
  if (!ordered ||
      (*newest > 0 && (blocks.empty() || blocks.back().id < static_cast<std::uint64_t>(*newest)))) {
    return base::Error(base::ErrorCode::kCorrupt, "the list of blocks lacks some");
  }
  return blocks;
}

base::Result<std::uint64_t> SeriesFile::last_block() {
  return number_of(
      "select max((select coalesce(max(id), 0) from blocks),"
      " (select coalesce(max(id), 0) from block_bytes),"
      " (select coalesce(max(id), 0) from damaged where kind = 'block'))");
}

base::Status SeriesFile::drop(std::uint64_t id) {
  return database_.transaction([&]() -> base::Status {
    base::Status dropped = database_.prepare("delete from blocks where id = ?").bind(id).run();
    if (!dropped) {
      return dropped;
    }
    return database_.prepare("delete from block_bytes where id = ?").bind(id).run();
  });
}

base::Status SeriesFile::quarantine(std::uint64_t id) {
  base::Status moved = database_.transaction([&]() -> base::Status {
    base::Status copied = database_
                              .prepare(
                                  "insert into damaged (kind, id, payload) select 'block', id,"
                                  " payload from block_bytes where id = ?")
                              .bind(id)
                              .run();
    if (!copied) {
      return copied;
    }
    base::Status dropped = database_.prepare("delete from blocks where id = ?").bind(id).run();
    if (!dropped) {
      return dropped;
    }
    return database_.prepare("delete from block_bytes where id = ?").bind(id).run();
  });
  if (moved || moved.error().code() != base::ErrorCode::kCorrupt) {
    return moved;
  }
  // Its pages cannot be read, nor freed: they stay where they are, and nobody asks for them.
  return database_.transaction([&]() -> base::Status {
    base::Status noted = note_damaged("block", id);
    return !noted ? noted : database_.prepare("delete from blocks where id = ?").bind(id).run();
  });
}

base::Status SeriesFile::note_damaged(const char* kind, std::uint64_t id) {
  return database_.prepare("insert into damaged (kind, id) values (cast(? as text), ?)")
      .bind(std::string_view(kind))
      .bind(id)
      .run();
}

base::Status SeriesFile::set_shift_ms(std::int64_t shift_ms) {
  return keep_setting("shift_ms", shift_ms);
}

base::Result<std::int64_t> SeriesFile::shift_ms() { return setting("shift_ms"); }

base::Status SeriesFile::note_written(std::int64_t kept_ms) {
  return database_
      .prepare(
          "insert into settings (name, value) values ('written_ms', ?)"
          " on conflict (name) do update set value = max(value, excluded.value)")
      .bind(kept_ms)
      .run();
}

base::Result<std::int64_t> SeriesFile::written_ms() { return setting("written_ms"); }

base::Result<std::int64_t> SeriesFile::setting(std::string_view name) {
  // What one place has lost the other one may have.
  for (const char* sql : {"select value from settings where name = cast(? as text)",
                          "select value from settings_again where name = cast(? as text)"}) {
    Statement statement = database_.prepare(sql);
    statement.bind(name);
    if (statement.step()) {
      return statement.number(0);
    }
    if (!statement.status()) {
      return statement.status().error();
    }
    if (!has_copies_) {
      break;
    }
  }
  return 0;
}

base::Status SeriesFile::keep_setting(std::string_view name, std::int64_t value) {
  return database_.transaction([&] { return set(name, value); });
}

base::Status SeriesFile::set(std::string_view name, std::int64_t value) {
  base::Status done =
      database_.prepare("insert or replace into settings (name, value) values (cast(? as text), ?)")
          .bind(name)
          .bind(value)
          .run();
  if (!done || !has_copies_) {
    return done;
  }
  return database_
      .prepare("insert or replace into settings_again (name, value) values (cast(? as text), ?)")
      .bind(name)
      .bind(value)
      .run();
}

base::Status SeriesFile::vacuum() { return database_.execute("pragma incremental_vacuum(2000)"); }

base::Status SeriesFile::limit_bytes(std::uint64_t bytes) {
  const std::string sql = "pragma max_page_count = " + std::to_string(bytes / 4096);
  return database_.execute(sql.c_str());
}

}  // namespace tocsin::blocks
