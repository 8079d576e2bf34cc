#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tocsin::model {

using AsciiSet = std::bitset<128>;
/// Bit i stands for place i.
using PlaceSet = std::uint64_t;

/// A regular expression in the form of Glushkov ("The Abstract Theory of Automata", 1961): each
/// character or class in it is a place, and a text matches when there is a way from place to place
/// with its characters, from one of the first to one of the last.
struct RegexPlaces {
  static constexpr std::size_t kMost = 64;

  std::vector<AsciiSet> bytes;   ///< which may stand at each place
  std::vector<PlaceSet> follow;  ///< which places may come behind each
  PlaceSet first = 0;
  PlaceSet last = 0;
  bool empty = false;         ///< the empty text matches too
  bool beyond_ascii = false;  ///< texts that are not ASCII may match
};

/// Reads an expression of RE2's syntax that is known to be valid, anchored at both ends, `.` for a
/// line feed too. Nothing for what is not known here, and when there are too many places.
std::optional<RegexPlaces> read_places(std::string_view pattern);

}  // namespace tocsin::model
