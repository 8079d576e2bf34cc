#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tocsin::model {

/// One decision, as the journal keeps it. The type's prefix names the room that owns it
/// ("alert.", "incident.", "notice.", "delivery."); that room alone encodes and decodes payloads.
/// The journal assigns the sequence; it is 0 until then.
struct Record {
  std::uint64_t sequence = 0;
  std::string type;     ///< such as "incident.opened"
  int version = 1;      ///< of the payload's layout, per type
  base::WallTime time;  ///< when it was decided
  std::string actor;    ///< "rule", "system", "user:…"
  std::string subject;  ///< what it is about: an incident id, a fingerprint; for look-ups
  boost::json::object payload;
};

}  // namespace tocsin::model
