#include "journal/tables.h"

#include <soci/soci.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <string>
#include <utility>

#include "journal/expiry.h"

namespace tocsin::journal::tables {
namespace {

constexpr const char* kColumns =
    "sequence, type, version, time_ms, actor, subject, payload, payload_hash, redacted, checksum";

/// Reads every row of a prepared query whose columns are kColumns.
template <class Prepared>
std::vector<Row> fetch_rows(Prepared&& prepared) {
  std::vector<Row> rows;
  Row row;
  soci::statement statement =
      (prepared, soci::into(row.sequence), soci::into(row.type), soci::into(row.version),
       soci::into(row.time_ms), soci::into(row.actor), soci::into(row.subject),
       soci::into(row.payload), soci::into(row.payload_hash), soci::into(row.redacted),
       soci::into(row.checksum));
  statement.execute();
  while (statement.fetch()) {
    rows.push_back(row);
  }
  return rows;
}

/// The first text that sorts after every text with this prefix, for portable prefix look-ups
/// that use an index.
std::string prefix_end(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace

std::uint64_t last_sequence(soci::session& session) {
  long long last = 0;
  for (const char* table : {"records", "damaged", "snapshots"}) {
    long long highest = 0;
    session << "select coalesce(max(sequence), 0) from " << table, soci::into(highest);
    last = std::max(last, highest);
  }
  return static_cast<std::uint64_t>(last);
}

void insert(soci::session& session, const std::vector<Row>& rows) {
  Row row;
  soci::statement statement =
      (session.prepare << "insert into records (" << kColumns
                       << ") values (:sequence, :type, :version, :time_ms, :actor, :subject,"
                          " :payload, :payload_hash, :redacted, :checksum)",
       soci::use(row.sequence), soci::use(row.type), soci::use(row.version), soci::use(row.time_ms),
       soci::use(row.actor), soci::use(row.subject), soci::use(row.payload),
       soci::use(row.payload_hash), soci::use(row.redacted), soci::use(row.checksum));
  for (const Row& next : rows) {
    row = next;
    statement.execute(true);
  }
}

std::vector<Row> rows_after(soci::session& session, std::uint64_t sequence) {
  const auto after = static_cast<long long>(sequence);
  return fetch_rows((session.prepare << "select " << kColumns
                                     << " from records where sequence > :after order by sequence",
                     soci::use(after)));
}

std::vector<Row> rows_matching(soci::session& session, const RecordQuery& query) {
  const auto after = static_cast<long long>(query.after_sequence);
  const auto limit = static_cast<long long>(
      std::min<std::size_t>(query.limit, std::numeric_limits<std::int32_t>::max()));
  const bool by_type = !query.type_prefix.empty();
  const bool by_subject = !query.subject.empty();
  const std::string end = by_type ? prefix_end(query.type_prefix) : std::string();
  std::string text = "select " + std::string(kColumns) + " from records where sequence > :after";
  text += by_type ? " and type >= :first and type < :end" : "";
  text += by_subject ? " and subject = :subject" : "";
  text += " order by sequence limit :limit";
  soci::details::prepare_temp_type prepared = session.prepare << text;
  prepared, soci::use(after, "after"), soci::use(limit, "limit");
  if (by_type) {
    prepared, soci::use(query.type_prefix, "first"), soci::use(end, "end");
  }
  if (by_subject) {
    prepared, soci::use(query.subject, "subject");
  }
  return fetch_rows(prepared);
}

void set_aside(soci::session& session, std::span<const Row> rows) {
  for (const Row& row : rows) {
    session << "insert into damaged (sequence, type, version, time_ms, actor, subject, payload)"
               " values (:sequence, :type, :version, :time_ms, :actor, :subject, :payload)",
        soci::use(row.sequence), soci::use(row.type), soci::use(row.version),
        soci::use(row.time_ms), soci::use(row.actor), soci::use(row.subject),
        soci::use(row.payload);
    session << "delete from records where sequence = :sequence", soci::use(row.sequence);
  }
}

std::uint64_t count_set_aside(soci::session& session, std::uint64_t first, std::uint64_t last) {
  long long count = 0;
  const auto low = static_cast<long long>(first);
  const auto high = static_cast<long long>(last);
  session << "select count(distinct sequence) from damaged where sequence between :low and :high",
      soci::use(low), soci::use(high), soci::into(count);
  return static_cast<std::uint64_t>(count);
}

bool redact(soci::session& session, std::uint64_t sequence) {
  const auto target = static_cast<long long>(sequence);
  soci::statement statement =
      (session.prepare << "update records set payload = '', redacted = 1 where sequence = :target",
       soci::use(target));
  statement.execute(true);
  return statement.get_affected_rows() > 0;
}

std::uint64_t erase_expirable(soci::session& session, base::WallTime before, std::uint64_t limit) {
  // Not the newest: the older of the two snapshots may be the one that a replay starts from.
  long long covered = 0;
  session << "select coalesce(min(sequence), 0) from snapshots", soci::into(covered);
  const long long time_ms = base::to_millis(before);
  std::uint64_t erased = 0;
  for (const std::string_view prefix : kExpirablePrefixes) {
    const std::string first(prefix);
    const std::string end = prefix_end(first);
    const auto room = static_cast<long long>(limit - erased);
    soci::statement statement =
        (session.prepare << "delete from records where sequence in (select sequence from records"
                            " where type >= :first and type < :end and sequence <= :covered"
                            " and time_ms < :time_ms order by sequence limit :room)",
         soci::use(first), soci::use(end), soci::use(covered), soci::use(time_ms), soci::use(room));
    statement.execute(true);
    erased += static_cast<std::uint64_t>(statement.get_affected_rows());
    if (erased >= limit) {
      break;
    }
  }
  return erased;
}

void insert_snapshot(soci::session& session, const StoredSnapshot& snapshot) {
  const std::string state = boost::json::serialize(snapshot.state);
  const long long checksum = text_checksum(state);
  const auto sequence = static_cast<long long>(snapshot.sequence);
  session << "delete from snapshots where sequence >= :sequence", soci::use(sequence);
  session << "insert into snapshots (sequence, state, checksum)"
             " values (:sequence, :state, :checksum)",
      soci::use(sequence), soci::use(state), soci::use(checksum);
  session << "delete from snapshots where sequence not in"
             " (select sequence from snapshots order by sequence desc limit 2)";
}

std::optional<StoredSnapshot> newest_sound_snapshot(soci::session& session) {
  long long sequence = 0;
  long long checksum = 0;
  std::string state;
  soci::statement statement =
      (session.prepare << "select sequence, state, checksum from snapshots order by sequence desc",
       soci::into(sequence), soci::into(state), soci::into(checksum));
  statement.execute();
  while (statement.fetch()) {
    if (checksum != text_checksum(state)) {
      continue;
    }
    boost::system::error_code failure;
    boost::json::value parsed = boost::json::parse(state, failure);
    if (!failure && parsed.is_object()) {
      return StoredSnapshot{static_cast<std::uint64_t>(sequence), std::move(parsed.get_object())};
    }
  }
  return std::nullopt;
}

}  // namespace tocsin::journal::tables
