// The file's log: its rows, the names beside them, and the seal point that ends it.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "blocks/series_file.h"
#include "series/bytes.h"

namespace tocsin::blocks {
namespace {

/// A hole in the log that is longer tells of a damaged number, not of so many lost rows.
constexpr std::uint64_t kMaxHole = 10'000;

}  // namespace

base::Result<std::uint64_t> SeriesFile::append_log(std::string_view bytes, std::string_view names) {
  const auto append = [&]() -> base::Status {
    return database_.prepare("insert into log (checksum, payload) values (?, ?)")
        .bind(series::checksum(bytes))
        .bind(bytes)
        .run();
  };
  std::uint64_t number = 0;
  base::Status appended;
  if (names.empty() || !has_copies_) {
    appended = append();
    number = database_.last_row();
  } else {
    appended = database_.transaction([&]() -> base::Status {
      if (base::Status row = append(); !row) {
        return row;
      }
      number = database_.last_row();
      return keep_names(number, names);
    });
  }
  if (!appended) {
    return appended.error();
  }
  return number;
}

base::Status SeriesFile::keep_log(std::uint64_t number, std::string_view bytes) {
  return database_.prepare("insert into log (sequence, checksum, payload) values (?, ?, ?)")
      .bind(number)
      .bind(series::checksum(bytes))
      .bind(bytes)
      .run();
}

base::Status SeriesFile::keep_names(std::uint64_t number, std::string_view bytes) {
  return database_
      .prepare("insert or replace into names (sequence, checksum, payload) values (?, ?, ?)")
      .bind(number)
      .bind(series::checksum(bytes))
      .bind(bytes)
      .run();
}

void SeriesFile::read_names(const std::function<void(std::string_view)>& take) {
  Statement statement = database_.prepare("select checksum, payload from names order by sequence");
  while (statement.step()) {
    if (series::checksum(statement.blob(1)) == statement.unsigned_number(0)) {
      take(statement.blob(1));
    }
  }
}

base::Result<std::uint64_t> SeriesFile::read_log(
    std::uint64_t from, const std::function<void(std::uint64_t, std::string_view)>& take) {
  const auto last = last_log_row();
  if (!last) {
    return last.error();
  }
  std::vector<std::uint64_t> damaged;
  std::vector<std::uint64_t> missing;
  std::uint64_t next = std::max<std::uint64_t>(from, 1);  // the number that is due
  const auto miss_until = [&](std::uint64_t number) {
    if (number < next || number - next > kMaxHole) {
      return;
    }
    for (; next < number; ++next) {
      missing.push_back(next);
    }
  };
  Statement statement = database_.prepare(
      "select sequence, checksum, payload from log where sequence >= ? order by sequence");
  statement.bind(from);
  while (statement.step()) {
    const std::uint64_t number = statement.unsigned_number(0);
    if (number < next) {
      return base::Error(base::ErrorCode::kCorrupt, "the rows of the log are out of order");
    }
    miss_until(number);
    next = number + 1;
    const std::string_view bytes = statement.blob(2);
    if (series::checksum(bytes) == statement.unsigned_number(1)) {
      take(number, bytes);
    } else {
      damaged.push_back(number);
    }
  }
  if (!statement.status()) {
    return statement.status().error();
  }
  miss_until(*last + 1);
  for (const std::uint64_t number : damaged) {
    if (base::Status aside = set_row_aside(number); !aside) {
      return aside.error();
    }
  }
  const auto fresh = note_missing(missing);
  if (!fresh) {
    return fresh.error();
  }
  return damaged.size() + *fresh;
}

base::Status SeriesFile::set_row_aside(std::uint64_t number) {
  return database_.transaction([&]() -> base::Status {
    base::Status copied = database_
                              .prepare(
                                  "insert into damaged (kind, id, payload) select 'log',"
                                  " sequence, payload from log where sequence = ?")
                              .bind(number)
                              .run();
    if (!copied) {
      return copied;
    }
    return database_.prepare("delete from log where sequence = ?").bind(number).run();
  });
}

base::Result<std::uint64_t> SeriesFile::note_missing(const std::vector<std::uint64_t>& numbers) {
  std::uint64_t fresh = 0;
  for (const std::uint64_t number : numbers) {
    Statement known =
        database_.prepare("select 1 from damaged where kind = 'log' and id = ? limit 1");
    known.bind(number);
    const bool is_known = known.step();
    if (!known.status()) {
      return known.status().error();
    }
    if (!is_known) {
      if (base::Status noted = note_damaged("log", number); !noted) {
        return noted.error();
      }
      ++fresh;
    }
  }
  return fresh;
}

base::Result<std::uint64_t> SeriesFile::number_of(const char* sql) {
  Statement statement = database_.prepare(sql);
  const std::uint64_t value = statement.step() ? statement.unsigned_number(0) : 0;
  if (!statement.status()) {
    return statement.status().error();
  }
  return value;
}

base::Result<std::uint64_t> SeriesFile::log_bytes() {
  return number_of("select coalesce(sum(length(payload)), 0) from log");
}

base::Result<std::uint64_t> SeriesFile::last_log_row() {
  return number_of(
      "select max((select coalesce(max(seq), 0) from sqlite_sequence),"
      " (select coalesce(max(sequence), 0) from log))");
}

base::Status SeriesFile::continue_log_at(std::uint64_t number) {
  const auto last = last_log_row();
  if (!last) {
    return last.error();
  }
  if (*last + 1 >= number) {
    return {};
  }
  return database_.transaction([&]() -> base::Status {
    base::Status gone = database_.execute("delete from sqlite_sequence where name = 'log'");
    return !gone ? gone
                 : database_.prepare("insert into sqlite_sequence (name, seq) values ('log', ?)")
                       .bind(number - 1)
                       .run();
  });
}

base::Status SeriesFile::set_seal_point(const SealPoint& point) {
  return database_.transaction([&]() -> base::Status {
    const auto before = setting("log_from");
    if (!before) {
      return before.error();
    }
    const std::pair<const char*, std::uint64_t> values[] = {{"first_block", point.first_block},
                                                            {"log_from", point.log_from},
                                                            {"last_id", point.last_id}};
    for (const auto& [name, value] : values) {
      if (base::Status kept = set(name, static_cast<std::int64_t>(value)); !kept) {
        return kept;
      }
    }
    if (has_copies_) {
      // Both seals name what was new before the one before.
      base::Status dropped =
          database_.prepare("delete from names where sequence < ?").bind(*before).run();
      if (!dropped) {
        return dropped;
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

}  // namespace tocsin::blocks
