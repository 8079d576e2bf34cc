#include "blocks/series_file.h"

#include <string>
#include <utility>

#include "series/bytes.h"

namespace tocsin::blocks {
namespace {

// "tocs" and the version of the tables.
constexpr std::int64_t kApplication = 0x746f6373;
constexpr std::int64_t kVersion = 1;

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
    "pragma application_id = 1953457011",
    "pragma user_version = 1",
};

base::Result<std::int64_t> ask(Database& database, const char* sql) {
  Statement statement = database.prepare(sql);
  const std::int64_t value = statement.step() ? statement.number(0) : 0;
  if (!statement.status()) {
    return statement.status().error();
  }
  return value;
}

base::Status prepare_tables(Database& database) {
  const auto application = ask(database, "pragma application_id");
  const auto version = ask(database, "pragma user_version");
  const auto tables = ask(database, "select count(*) from sqlite_master");
  for (const auto* answer : {&application, &version, &tables}) {
    if (!*answer) {
      return answer->error();
    }
  }
  if (*application == kApplication) {
    if (*version > kVersion) {
      return base::Error(base::ErrorCode::kUnsupported, "a newer tocsin wrote this file");
    }
    return {};
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
  return SeriesFile(*std::move(database));
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
  while (statement.step()) {
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
  return blocks;
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
  return database_.transaction([&]() -> base::Status {
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
}

base::Result<std::uint64_t> SeriesFile::append_log(std::string_view bytes) {
  const base::Status appended =
      database_.prepare("insert into log (checksum, payload) values (?, ?)")
          .bind(series::checksum(bytes))
          .bind(bytes)
          .run();
  if (!appended) {
    return appended.error();
  }
  return database_.last_row();
}

base::Result<std::uint64_t> SeriesFile::read_log(
    std::uint64_t from, const std::function<void(std::uint64_t, std::string_view)>& take) {
  std::vector<std::uint64_t> damaged;
  Statement statement = database_.prepare(
      "select sequence, checksum, payload from log where sequence >= ? order by sequence");
  statement.bind(from);
  while (statement.step()) {
    const std::string_view bytes = statement.blob(2);
    if (series::checksum(bytes) == statement.unsigned_number(1)) {
      take(statement.unsigned_number(0), bytes);
    } else {
      damaged.push_back(statement.unsigned_number(0));
    }
  }
  if (!statement.status()) {
    return statement.status().error();
  }
  for (const std::uint64_t sequence : damaged) {
    const base::Status aside = database_.transaction([&]() -> base::Status {
      base::Status copied = database_
                                .prepare(
                                    "insert into damaged (kind, id, payload) select 'log',"
                                    " sequence, payload from log where sequence = ?")
                                .bind(sequence)
                                .run();
      if (!copied) {
        return copied;
      }
      return database_.prepare("delete from log where sequence = ?").bind(sequence).run();
    });
    if (!aside) {
      return aside.error();
    }
  }
  return damaged.size();
}

base::Result<std::uint64_t> SeriesFile::log_bytes() {
  auto bytes = ask(database_, "select coalesce(sum(length(payload)), 0) from log");
  if (!bytes) {
    return bytes.error();
  }
  return static_cast<std::uint64_t>(*bytes);
}

base::Result<std::uint64_t> SeriesFile::last_log_row() {
  auto last = ask(database_, "select coalesce(max(seq), 0) from sqlite_sequence");
  if (!last) {
    return last.error();
  }
  return static_cast<std::uint64_t>(*last);
}

base::Status SeriesFile::set_seal_point(const SealPoint& point) {
  return database_.transaction([&]() -> base::Status {
    const std::pair<const char*, std::uint64_t> values[] = {{"first_block", point.first_block},
                                                            {"log_from", point.log_from},
                                                            {"last_id", point.last_id}};
    for (const auto& [name, value] : values) {
      if (base::Status kept = set(name, static_cast<std::int64_t>(value)); !kept) {
        return kept;
      }
    }
    return database_.prepare("delete from log where sequence < ?").bind(point.log_from).run();
  });
}

base::Result<SealPoint> SeriesFile::seal_point() {
  const auto first = setting("first_block");
  const auto from = setting("log_from");
  const auto last = setting("last_id");
  for (const auto* value : {&first, &from, &last}) {
    if (!*value) {
      return value->error();
    }
  }
  return SealPoint{static_cast<std::uint64_t>(*first), static_cast<std::uint64_t>(*from),
                   static_cast<std::uint32_t>(*last)};
}

base::Status SeriesFile::set_shift_ms(std::int64_t shift_ms) { return set("shift_ms", shift_ms); }

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
  Statement statement =
      database_.prepare("select value from settings where name = cast(? as text)");
  statement.bind(name);
  const std::int64_t value = statement.step() ? statement.number(0) : 0;
  if (!statement.status()) {
    return statement.status().error();
  }
  return value;
}

base::Status SeriesFile::set(std::string_view name, std::int64_t value) {
  return database_
      .prepare("insert or replace into settings (name, value) values (cast(? as text), ?)")
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
