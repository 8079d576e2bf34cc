#include "journal/schema.h"

#include <soci/soci.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "journal/sqlite.h"

namespace tocsin::journal {
namespace {

/// Sequences are assigned by this program, without gaps, so that a lost row is noticed. $KEY is a
/// 64-bit primary key: SQLite stores rows by it only under the name "integer", which elsewhere has
/// 32 bits.
constexpr std::array kFirstLayout = {
    "create table schema_version (version integer not null)",
    "insert into schema_version (version) values (0)",
    "create table records ("
    " sequence $KEY primary key,"
    " type text not null,"
    " version integer not null,"
    " time_ms bigint not null,"
    " actor text not null,"
    " subject text not null,"
    " payload text not null,"
    " payload_hash bigint not null,"
    " redacted integer not null,"
    " checksum bigint not null)",
    "create index records_subject on records (subject, sequence)",
    "create index records_type on records (type, sequence)",
    "create table snapshots ("
    " sequence $KEY primary key,"
    " state text not null,"
    " checksum bigint not null)",
    "create table damaged ("
    " sequence bigint not null,"
    " type text not null,"
    " version integer not null,"
    " time_ms bigint not null,"
    " actor text not null,"
    " subject text not null,"
    " payload text not null)",
};

std::span<const char* const> migration(int to) {
  switch (to) {
    case 1:
      return kFirstLayout;
    default:
      return {};
  }
}

std::string localised(std::string statement, const std::string& backend) {
  constexpr std::string_view kKey = "$KEY";
  const auto at = statement.find(kKey);
  if (at != std::string::npos) {
    statement.replace(at, kKey.size(),
                      backend == "sqlite3" ? "integer not null" : "bigint not null");
  }
  return statement;
}

bool has_table(soci::session& session, const std::string& name) {
  std::string found;
  soci::statement tables = (session.prepare_table_names(), soci::into(found));
  tables.execute();
  while (tables.fetch()) {
    if (found == name) {
      return true;
    }
  }
  return false;
}

bool has_tables(soci::session& session) {
  std::string found;
  soci::statement tables = (session.prepare_table_names(), soci::into(found));
  tables.execute();
  return tables.fetch();
}

base::Error foreign() {
  return {base::ErrorCode::kInvalidInput, "the database holds tables of another program"};
}

base::Error newer(int version) {
  return {base::ErrorCode::kUnsupported, "the database was written by a newer tocsin (layout " +
                                             std::to_string(version) + ", this one knows up to " +
                                             std::to_string(kSchemaVersion) +
                                             ") and was left untouched"};
}

}  // namespace

base::Status check_untouched(const std::string& path) {
  const int version =
      ask_sqlite_untouched(path, "select max(version) from schema_version").value_or(0);
  if (version > kSchemaVersion) {
    return newer(version);
  }
  const bool theirs =
      ask_sqlite_untouched(path,
                           "select count(*) > 0 and sum(name = 'schema_version') = 0"
                           " from sqlite_master where type = 'table'")
          .value_or(0) != 0;
  return theirs ? base::Status(foreign()) : base::Status();
}

base::Result<int> schema_version(soci::session& session) {
  try {
    if (!has_table(session, "schema_version")) {
      if (has_tables(session)) {
        return foreign();
      }
      return 0;
    }
    int version = 0;
    session << "select max(version) from schema_version", soci::into(version);
    if (version > kSchemaVersion) {
      return newer(version);
    }
    return version;
  } catch (const soci::soci_error& error) {
    return describe(error);
  }
}

base::Status migrate(soci::session& session, int version) {
  try {
    for (int next = version + 1; next <= kSchemaVersion; ++next) {
      soci::transaction step(session);
      for (const char* statement : migration(next)) {
        session << localised(statement, session.get_backend_name());
      }
      session << "update schema_version set version = :version", soci::use(next);
      step.commit();
    }
    return {};
  } catch (const soci::soci_error& error) {
    return describe(error);
  }
}

}  // namespace tocsin::journal
