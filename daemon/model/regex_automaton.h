#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::model {

struct RegexPlaces;

/// Decides by one table look-up for each byte whether a text matches a regular expression from end
/// to end. Knows the expressions that selectors are made of: literals, `.`, classes, groups,
/// alternatives and repetitions; what it does not know, and what would take many states, is left
/// to RE2. Immutable; safe to use on any thread.
class RegexAutomaton {
 public:
  /// `pattern` is in RE2's syntax and known to be valid. Nothing when it has to be left to RE2.
  static std::optional<RegexAutomaton> make(std::string_view pattern);

  /// Whether the text matches, with `.` for a line feed too. Nothing when bytes outside of ASCII
  /// matter: characters are not looked at here.
  std::optional<bool> matches(std::string_view text) const {
    std::size_t state = kStart;
    for (const char c : text) {
      const std::uint8_t kind = class_of_[static_cast<std::uint8_t>(c)];
      if (kind == kNotAscii) {
        return std::nullopt;
      }
      state = next_[state * classes_ + kind];
      if (state == kDead) {
        return false;
      }
    }
    return accepting_[state] != 0;
  }

  /// All texts that match, when they are `most` at most and none of them is empty; otherwise
  /// nothing.
  std::vector<std::string> texts(std::size_t most) const;

 private:
  static constexpr std::size_t kDead = 0;
  static constexpr std::size_t kStart = 1;
  static constexpr std::uint8_t kNotAscii = 0xff;

  RegexAutomaton() = default;
  std::vector<std::uint64_t> classify(const RegexPlaces& places);
  bool connect(const RegexPlaces& places, const std::vector<std::uint64_t>& classes);

  std::array<std::uint8_t, 256> class_of_{};  // bytes that no state tells apart
  std::size_t classes_ = 0;
  std::vector<std::uint8_t> next_;  // by state and class
  std::vector<std::uint8_t> accepting_;
  bool beyond_ascii_ = false;  // may match texts of which matches() knows nothing
};

}  // namespace tocsin::model
