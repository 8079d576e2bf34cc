#include "model/regex_automaton.h"

#include <bit>
#include <unordered_map>
#include <utility>

#include "model/regex_places.h"

namespace tocsin::model {
namespace {

constexpr std::size_t kMaxStates = 128;  // the numbers of all have to fit into a byte

}  // namespace

std::optional<RegexAutomaton> RegexAutomaton::make(std::string_view pattern) {
  const auto places = read_places(pattern);
  if (!places) {
    return std::nullopt;
  }
  RegexAutomaton automaton;
  automaton.beyond_ascii_ = places->beyond_ascii;
  const std::vector<PlaceSet> classes = automaton.classify(*places);
  if (!automaton.connect(*places, classes)) {
    return std::nullopt;
  }
  return automaton;
}

// Bytes that may stand at the same places are of one class.
std::vector<PlaceSet> RegexAutomaton::classify(const RegexPlaces& places) {
  class_of_.fill(kNotAscii);
  std::vector<PlaceSet> classes;
  std::unordered_map<PlaceSet, std::uint8_t> known;
  for (std::size_t c = 0; c < AsciiSet().size(); ++c) {
    PlaceSet at = 0;
    for (std::size_t i = 0; i < places.bytes.size(); ++i) {
      at |= places.bytes[i][c] ? PlaceSet{1} << i : 0;
    }
    const auto number = static_cast<std::uint8_t>(classes.size());
    const auto [entry, fresh] = known.try_emplace(at, number);
    if (fresh) {
      classes.push_back(at);
    }
    class_of_[c] = entry->second;
  }
  classes_ = classes.size();
  return classes;
}

// A state is the set of places at which the last character may have stood. That of the start is
// empty, as is that of the dead end.
bool RegexAutomaton::connect(const RegexPlaces& places, const std::vector<PlaceSet>& classes) {
  std::vector<PlaceSet> states = {0, 0};
  std::unordered_map<PlaceSet, std::size_t> known = {{0, kDead}};
  for (std::size_t state = 0; state < states.size(); ++state) {
    PlaceSet reached = state == kStart ? places.first : 0;
    for (PlaceSet rest = states[state]; rest != 0; rest &= rest - 1) {
      reached |= places.follow[static_cast<std::size_t>(std::countr_zero(rest))];
    }
    for (const PlaceSet of_class : classes) {
      const auto [entry, fresh] = known.try_emplace(reached & of_class, states.size());
      if (fresh) {
        if (states.size() == kMaxStates) {
          return false;
        }
        states.push_back(reached & of_class);
      }
      next_.push_back(static_cast<std::uint8_t>(entry->second));
    }
  }
  for (const PlaceSet state : states) {
    accepting_.push_back((state & places.last) != 0 ? 1 : 0);
  }
  accepting_[kStart] = places.empty ? 1 : 0;
  return true;
}

std::vector<std::string> RegexAutomaton::texts(std::size_t most) const {
  struct Way {
    std::size_t state;
    std::string text;
  };
  constexpr std::size_t kMaxWays = 4096;
  std::vector<std::string> found;
  if (beyond_ascii_ || accepting_[kStart] != 0) {
    return found;
  }
  std::vector<Way> ways = {{kStart, {}}};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::size_t state = ways[i].state;
    const std::string text = ways[i].text;
    if (accepting_[state] != 0) {
      found.push_back(text);
    }
    if (found.size() > most || ways.size() > kMaxWays) {
      return {};
    }
    for (std::size_t c = 0; c < 128; ++c) {
      const std::size_t next = next_[state * classes_ + class_of_[c]];
      if (next != kDead) {
        ways.push_back({next, text + static_cast<char>(c)});
      }
    }
  }
  return found;
}

}  // namespace tocsin::model
