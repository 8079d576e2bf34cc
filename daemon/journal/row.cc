#include "journal/row.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/hash.h"

namespace tocsin::journal {
namespace {

std::uint64_t mix_text(std::string_view text, std::uint64_t state) {
  state = base::fnv1a(std::to_string(text.size()), state);
  state = base::fnv1a(":", state);
  return base::fnv1a(text, state);
}

std::uint64_t mix_number(long long number, std::uint64_t state) {
  return mix_text(std::to_string(number), state);
}

base::Error damaged(const Row& row, std::string_view what) {
  return {base::ErrorCode::kCorrupt,
          "record " + std::to_string(row.sequence) + " is damaged: " + std::string(what)};
}

}  // namespace

long long text_checksum(std::string_view text) { return static_cast<long long>(base::fnv1a(text)); }

long long row_checksum(const Row& row) {
  std::uint64_t state = base::kFnvOffset;
  state = mix_number(row.sequence, state);
  state = mix_text(row.type, state);
  state = mix_number(row.version, state);
  state = mix_number(row.time_ms, state);
  state = mix_text(row.actor, state);
  state = mix_text(row.subject, state);
  state = mix_number(row.payload_hash, state);
  return static_cast<long long>(state);
}

base::Result<Row> encode(const model::Record& record, std::uint64_t sequence) {
  Row row;
  row.sequence = static_cast<long long>(sequence);
  row.type = record.type;
  row.version = record.version;
  row.time_ms = base::to_millis(record.time);
  row.actor = record.actor;
  row.subject = record.subject;
  row.payload = boost::json::serialize(record.payload);
  if (row.payload.size() > kMaxPayloadBytes) {
    return base::Error(base::ErrorCode::kLimitExceeded,
                       "payload of " + record.type + " has " + std::to_string(row.payload.size()) +
                           " bytes, more than " + std::to_string(kMaxPayloadBytes));
  }
  row.payload_hash = text_checksum(row.payload);
  row.checksum = row_checksum(row);
  return row;
}

base::Result<model::Record> decode(const Row& row) {
  if (row.checksum != row_checksum(row)) {
    return damaged(row, "its checksum does not match");
  }
  model::Record record;
  record.sequence = static_cast<std::uint64_t>(row.sequence);
  record.type = row.type;
  record.version = row.version;
  record.time = base::from_millis(row.time_ms);
  record.actor = row.actor;
  record.subject = row.subject;
  if (row.redacted != 0) {
    record.payload["redacted"] = true;
    record.payload["hash"] = base::to_hex(static_cast<std::uint64_t>(row.payload_hash));
    return record;
  }
  if (row.payload_hash != text_checksum(row.payload)) {
    return damaged(row, "its payload does not match its checksum");
  }
  boost::system::error_code failure;
  boost::json::value payload = boost::json::parse(row.payload, failure);
  if (failure || !payload.is_object()) {
    return damaged(row, "its payload is not a JSON object");
  }
  record.payload = std::move(payload.get_object());
  return record;
}

}  // namespace tocsin::journal
