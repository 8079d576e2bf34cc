#include "model/regex_places.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tocsin::model {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kMaxRepeat = 64;

AsciiSet range(char from, char to) {
  AsciiSet bytes;
  for (int c = from; c <= to; ++c) {
    bytes.set(static_cast<std::size_t>(c));
  }
  return bytes;
}

AsciiSet only(char c) { return range(c, c); }

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// A part of the expression: the places at which it may begin and end.
struct Part {
  bool empty = true;  // it may be nothing
  PlaceSet first = 0;
  PlaceSet last = 0;
};

/// How often something stands in a row.
struct Repeat {
  int least = 1;
  int most = 1;  // kMany: without end
  static constexpr int kMany = -1;
};

/// Reads an expression. Every function gives nothing for what it does not know.
class Reader {
 public:
  explicit Reader(std::string_view pattern) : pattern_(pattern) {}

  std::optional<RegexPlaces> read() {
    fold_ = accept("(?i)");
    const auto whole = alternatives(0);
    if (!whole || at_ != pattern_.size()) {
      return std::nullopt;
    }
    places_.empty = whole->empty;
    places_.first = whole->first;
    places_.last = whole->last;
    return std::move(places_);
  }

 private:
  bool at_end() const { return at_ == pattern_.size(); }
  char peek() const { return pattern_[at_]; }
  bool accept(std::string_view token) {
    const bool found = pattern_.substr(at_).starts_with(token);
    at_ += found ? token.size() : 0;
    return found;
  }

  std::optional<Part> alternatives(int depth) {
    if (depth > kMaxDepth) {
      return std::nullopt;
    }
    auto part = sequence(depth);
    while (part && accept("|")) {
      const auto other = sequence(depth);
      if (!other) {
        return std::nullopt;
      }
      part =
          Part{part->empty || other->empty, part->first | other->first, part->last | other->last};
    }
    return part;
  }

  std::optional<Part> sequence(int depth) {
    Part whole;
    // The whole text is matched anyway.
    if (depth == 0) {
      accept("^");
    }
    while (!at_end() && peek() != '|' && peek() != ')') {
      if (depth == 0 && peek() == '$' && (at_ + 1 == pattern_.size() || pattern_[at_ + 1] == '|')) {
        ++at_;
        continue;
      }
      const auto part = repeated(depth);
      if (!part) {
        return std::nullopt;
      }
      whole = join(whole, *part);
    }
    return whole;
  }

  Part join(const Part& left, const Part& right) {
    connect(left.last, right.first);
    return {left.empty && right.empty, left.empty ? left.first | right.first : left.first,
            right.empty ? left.last | right.last : right.last};
  }

  void connect(PlaceSet from, PlaceSet to) {
    for (PlaceSet rest = from; rest != 0; rest &= rest - 1) {
      places_.follow[static_cast<std::size_t>(std::countr_zero(rest))] |= to;
    }
  }

  // What stands there is read anew for each copy that a repetition needs.
  std::optional<Part> repeated(int depth) {
    const std::size_t begin = at_;
    auto part = item(depth);
    if (!part) {
      return std::nullopt;
    }
    const auto repeat = repetition();
    if (!repeat) {
      return std::nullopt;
    }
    const std::size_t end = at_;
    Part whole;
    const int copies = std::max(repeat->least, repeat->most == Repeat::kMany ? 1 : repeat->most);
    for (int i = 0; i < copies; ++i) {
      if (i > 0) {
        at_ = begin;
        part = item(depth);
        if (!part) {
          return std::nullopt;
        }
      }
      if (repeat->most == Repeat::kMany && i + 1 == copies) {
        connect(part->last, part->first);
      }
      part->empty = part->empty || i >= repeat->least;
      whole = join(whole, *part);
    }
    at_ = end;
    return whole;
  }

  std::optional<Repeat> repetition() {
    Repeat repeat;
    if (at_end()) {
      return repeat;
    }
    if (accept("*")) {
      repeat = {0, Repeat::kMany};
    } else if (accept("+")) {
      repeat = {1, Repeat::kMany};
    } else if (accept("?")) {
      repeat = {0, 1};
    } else if (peek() == '{') {
      const auto counted = counts();
      if (!counted) {
        return std::nullopt;
      }
      repeat = *counted;
    } else {
      return repeat;
    }
    accept("?");  // rather few than many: the same texts
    // Repetitions of repetitions are for RE2.
    return at_end() || std::string_view("*+?{").find(peek()) == std::string_view::npos
               ? std::optional(repeat)
               : std::nullopt;
  }

  // {n}, {n,} or {n,m}.
  std::optional<Repeat> counts() {
    ++at_;
    const auto least = number();
    if (!least) {
      return std::nullopt;
    }
    Repeat repeat{*least, *least};
    if (accept(",")) {
      const auto most = number();
      repeat.most = most ? *most : Repeat::kMany;
    }
    const bool nothing = repeat.most == 0;
    return accept("}") && !nothing ? std::optional(repeat) : std::nullopt;
  }

  std::optional<int> number() {
    const std::size_t begin = at_;
    int value = 0;
    while (!at_end() && peek() >= '0' && peek() <= '9' && value <= kMaxRepeat) {
      value = value * 10 + (pattern_[at_++] - '0');
    }
    return at_ > begin && value <= kMaxRepeat ? std::optional(value) : std::nullopt;
  }

  std::optional<Part> item(int depth) {
    if (accept("(")) {
      if (!accept("?:") && !at_end() && peek() == '?') {
        return std::nullopt;
      }
      auto part = alternatives(depth + 1);
      return accept(")") ? part : std::nullopt;
    }
    const auto bytes = character();
    if (!bytes || places_.bytes.size() == RegexPlaces::kMost) {
      return std::nullopt;
    }
    const PlaceSet place = PlaceSet{1} << places_.bytes.size();
    places_.bytes.push_back(*bytes);
    places_.follow.push_back(0);
    return Part{false, place, place};
  }

  // One character or class outside of brackets.
  std::optional<AsciiSet> character() {
    const char c = pattern_[at_++];
    if (!is_ascii(c)) {
      return std::nullopt;
    }
    switch (c) {
      case '.':
        places_.beyond_ascii = true;
        return ~AsciiSet();
      case '[':
        return brackets();
      case '\\':
        return escape();
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
        return std::nullopt;
      default:
        return folded(only(c));
    }
  }

  AsciiSet folded(AsciiSet bytes) {
    if (!fold_) {
      return bytes;
    }
    places_.beyond_ascii = true;  // k and s have other cases beyond
    for (std::size_t c = 'a'; c <= 'z'; ++c) {
      const std::size_t upper = c - 'a' + 'A';
      if (bytes[c] || bytes[upper]) {
        bytes.set(c).set(upper);
      }
    }
    return bytes;
  }

  std::optional<AsciiSet> escape() {
    if (at_end()) {
      return std::nullopt;
    }
    const char c = pattern_[at_++];
    const AsciiSet digits = range('0', '9');
    const AsciiSet word = digits | range('a', 'z') | range('A', 'Z') | only('_');
    const AsciiSet blank = only(' ') | only('\t') | only('\n') | only('\f') | only('\r');
    switch (c) {
      case 'd':
        return digits;
      case 'w':
        return word;
      case 's':
        return blank;
      case 'D':
        return negated(digits);
      case 'W':
        return negated(word);
      case 'S':
        return negated(blank);
      case 'n':
        return only('\n');
      case 't':
        return only('\t');
      case 'r':
        return only('\r');
      default:
        break;
    }
    const bool punctuation = c > ' ' && c <= '~' && !word[static_cast<std::size_t>(c)];
    return punctuation ? std::optional(only(c)) : std::nullopt;
  }

  AsciiSet negated(const AsciiSet& bytes) {
    places_.beyond_ascii = true;
    return ~bytes;
  }

  std::optional<AsciiSet> brackets() {
    const bool negative = accept("^");
    AsciiSet bytes;
    for (bool begin = true; begin || at_end() || peek() != ']'; begin = false) {
      if (at_end() || !is_ascii(peek()) || pattern_.substr(at_).starts_with("[:")) {
        return std::nullopt;
      }
      const std::size_t from = at_;
      const auto one = accept("\\") ? escape() : std::optional(only(pattern_[at_++]));
      if (!one) {
        return std::nullopt;
      }
      const bool is_range =
          !at_end() && peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']';
      if (!is_range) {
        bytes |= *one;
        continue;
      }
      // Both ends as they stand; anything else is for RE2.
      const char first = pattern_[from];
      const char last = pattern_[at_ + 1];
      if (first == '\\' || last == '\\' || last == '[' || !is_ascii(last)) {
        return std::nullopt;
      }
      bytes |= range(first, last);
      at_ += 2;
    }
    ++at_;
    bytes = folded(bytes);
    return negative ? negated(bytes) : bytes;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool fold_ = false;
  RegexPlaces places_;
};

}  // namespace

std::optional<RegexPlaces> read_places(std::string_view pattern) { return Reader(pattern).read(); }

}  // namespace tocsin::model
