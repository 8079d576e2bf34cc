#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/record.h"

namespace tocsin::journal {

/// A record as the table holds it. The checksum covers every column but the payload's text, which
/// its own hash covers: so a redacted payload can go while the row stays provable.
struct Row {
  long long sequence = 0;
  std::string type;
  int version = 1;
  long long time_ms = 0;
  std::string actor;
  std::string subject;
  std::string payload;         ///< JSON; empty when redacted
  long long payload_hash = 0;  ///< of the payload as it was written
  int redacted = 0;
  long long checksum = 0;
};

/// No single payload may be larger: 16 MiB.
inline constexpr std::size_t kMaxPayloadBytes = 16U << 20;

/// The row of a record that gets `sequence`. kLimitExceeded when its payload is too large.
base::Result<Row> encode(const model::Record& record, std::uint64_t sequence);

/// The record of a row. kCorrupt when a checksum contradicts the content. A redacted payload reads
/// as {"redacted": true, "hash": "…"}.
base::Result<model::Record> decode(const Row& row);

/// What encode() stores as checksum: FNV-1a, 64 bits, over the lengths and contents of the columns.
long long row_checksum(const Row& row);

/// FNV-1a over a whole text, as a signed number, because SQL has no unsigned ones.
long long text_checksum(std::string_view text);

}  // namespace tocsin::journal
