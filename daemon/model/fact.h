#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tocsin::model {

/// How sure somebody is. Unknown is said ("under investigation"), never left blank.
enum class FactStatus : std::uint8_t { kUnknown, kSuspected, kConfirmed };

/// One statement about an incident. Every notice, in each language and for each audience, is
/// rendered from the same facts.
struct Fact {
  std::string key;  ///< such as "customer_impact", "cause", "action", "eta"
  std::string value;
  FactStatus status = FactStatus::kUnknown;
  std::string author;  ///< "rule", "user:…"
  base::WallTime time;
};

}  // namespace tocsin::model
