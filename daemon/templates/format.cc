#include "templates/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "templates/numbers.h"
#include "templates/time_format.h"
#include "templates/utf8.h"

namespace tocsin::templates {
namespace {

/// Go refuses wider fields as well.
constexpr int kMaxWidth = 1'000'000;

struct Spec {
  bool minus = false;
  bool plus = false;
  bool space = false;
  bool zero = false;
  bool sharp = false;
  int width = 0;
  std::optional<int> precision;
  char32_t verb = 'v';
};

void append_padded(std::string& text, std::string_view body, const Spec& spec) {
  const std::size_t length = count_runes(body);
  const std::size_t missing = static_cast<std::size_t>(spec.width) > length
                                  ? static_cast<std::size_t>(spec.width) - length
                                  : 0;
  if (spec.minus) {
    text.append(body).append(missing, ' ');
  } else if (spec.zero) {
    const bool sign = !body.empty() && (body[0] == '-' || body[0] == '+' || body[0] == ' ');
    text.append(body.substr(0, sign ? 1 : 0))
        .append(missing, '0')
        .append(body.substr(sign ? 1 : 0));
  } else {
    text.append(missing, ' ').append(body);
  }
}

void append_spec_value(std::string& text, const Value& value, const Spec& spec);

/// %!d(string=x)
void append_bad_verb(std::string& text, const Value& value, const Spec& spec) {
  text += "%!";
  append_rune(text, spec.verb);
  text += '(';
  if (value.content().is_nil()) {
    text += "<nil>";
  } else {
    text += value.type_name() + "=";
    append_value(text, value);
  }
  text += ')';
}

void append_float(std::string& text, double value, Spec spec) {
  char verb = static_cast<char>(spec.verb);
  std::string body;
  if (verb == 'v' || verb == 'g' || verb == 'G') {
    body = spec.precision ? format_float(value, verb == 'G' ? 'G' : 'g', *spec.precision)
                          : format_float(value);
    if (verb == 'G') {
      std::replace(body.begin(), body.end(), 'e', 'E');
    }
  } else {
    verb = verb == 'F' ? 'f' : verb;
    body = format_float(value, verb, spec.precision.value_or(6));
  }
  if (body.front() != '-' && body.front() != '+' && body != "NaN") {
    body.insert(0, spec.plus ? "+" : spec.space ? " " : "");
  } else if (body == "+Inf" && !spec.plus) {
    body = spec.space ? " Inf" : body;
  }
  spec.zero = spec.zero && std::isfinite(value);
  append_padded(text, body, spec);
}

void append_integer(std::string& text, std::int64_t value, const Spec& spec) {
  const auto magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const int base = spec.verb == 'x' || spec.verb == 'X'   ? 16
                   : spec.verb == 'o' || spec.verb == 'O' ? 8
                   : spec.verb == 'b'                     ? 2
                                                          : 10;
  std::array<char, 70> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, base);
  std::string digits(buffer.data(), end);
  if (spec.verb == 'X') {
    std::transform(digits.begin(), digits.end(), digits.begin(), [](char c) {
      return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    });
  }
  if (spec.precision && digits.size() < static_cast<std::size_t>(*spec.precision)) {
    digits.insert(0, static_cast<std::size_t>(*spec.precision) - digits.size(), '0');
  }
  if (spec.verb == 'O') {
    digits.insert(0, "0o");
  } else if (spec.sharp && base != 10) {
    digits.insert(0, base == 16 ? (spec.verb == 'x' ? "0x" : "0X") : base == 8 ? "0" : "0b");
  }
  digits.insert(0, value < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "");
  append_padded(text, digits, spec);
}

void append_character(std::string& text, std::int64_t value, const Spec& spec) {
  std::string character;
  append_rune(character, static_cast<char32_t>(std::clamp<std::int64_t>(value, 0, 0x110000)));
  append_padded(text, spec.verb == 'q' ? "'" + character + "'" : character, spec);
}

void append_text(std::string& text, std::string_view value, const Spec& spec) {
  std::string body;
  if (spec.precision && (spec.verb == 's' || spec.verb == 'v' || spec.verb == 'q')) {
    std::string_view rest = value;
    for (int i = 0; i < *spec.precision && !rest.empty(); ++i) {
      next_rune(rest);
    }
    value = value.substr(0, value.size() - rest.size());
  }
  if (spec.verb == 'q') {
    body = spec.sharp && value.find('`') == std::string_view::npos ? "`" + std::string(value) + "`"
                                                                   : base::quote(value);
  } else if (spec.verb == 'x' || spec.verb == 'X') {
    const std::string_view digits = spec.verb == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      body += digits[byte >> 4];
      body += digits[byte & 15];
    }
  } else {
    body = std::string(value);
  }
  append_padded(text, body, spec);
}

bool is_one_of(char32_t verb, std::u32string_view verbs) {
  return verbs.find(verb) != std::u32string_view::npos;
}

/// Collections print their parts with the same verb.
void append_collection(std::string& text, const Value& value, const Spec& spec) {
  bool first = true;
  const auto separate = [&] {
    if (!std::exchange(first, false)) {
      text += ' ';
    }
  };
  if (const auto* list = value.as<List>()) {
    text += '[';
    for (const Value& item : *list) {
      separate();
      append_spec_value(text, item, spec);
    }
    text += ']';
    return;
  }
  const Struct* body = value.as<Struct>();
  const Map& map = body != nullptr ? body->fields : *value.as<Map>();
  text += body != nullptr ? "{" : "map[";
  for (const auto& [key, item] : map) {
    separate();
    if (body == nullptr) {
      append_spec_value(text, Value(key), spec);
      text += ':';
    }
    append_spec_value(text, item, spec);
  }
  text += body != nullptr ? '}' : ']';
}

void append_spec_value(std::string& text, const Value& wrapped, const Spec& spec) {
  if (text.size() > kMaxPrintedBytes) {
    return;
  }
  const Value& value = wrapped.content();
  const char32_t verb = spec.verb;
  if (verb == 'T') {
    append_padded(text, value.type_name(), spec);
  } else if (value.is_nil()) {
    verb == 'v' ? append_padded(text, "<nil>", spec) : append_bad_verb(text, value, spec);
  } else if (value.as<List>() != nullptr || value.as<Map>() != nullptr ||
             value.as<Struct>() != nullptr) {
    append_collection(text, value, spec);
  } else if (const auto* flag = value.as<bool>(); flag != nullptr && is_one_of(verb, U"vt")) {
    append_padded(text, *flag ? "true" : "false", spec);
  } else if (const auto* whole = value.as<std::int64_t>();
             whole != nullptr && is_one_of(verb, U"vdxXobO")) {
    append_integer(text, *whole, spec);
  } else if (whole != nullptr && is_one_of(verb, U"cq")) {
    append_character(text, *whole, spec);
  } else if (const auto* number = value.as<double>();
             number != nullptr && is_one_of(verb, U"veEfFgG")) {
    append_float(text, *number, spec);
  } else if (const auto* words = value.as<std::string>();
             words != nullptr && is_one_of(verb, U"vsqxX")) {
    append_text(text, *words, spec);
  } else if (const auto* time = value.as<Time>(); time != nullptr && is_one_of(verb, U"vsq")) {
    append_text(text, format_time(*time), spec);
  } else if (const auto* span = value.as<Span>(); span != nullptr && is_one_of(verb, U"vsq")) {
    append_text(text, format_span(*span), spec);
  } else if (span != nullptr && is_one_of(verb, U"dxX")) {
    append_integer(text, span->length.count(), spec);
  } else {
    append_bad_verb(text, value, spec);
  }
}

/// Reads a format text and appends what it says.
class Printer {
 public:
  Printer(std::string_view format, std::span<const Value> arguments)
      : rest_(format), arguments_(arguments) {}

  std::string run() {
    while (!rest_.empty() && text_.size() <= kMaxPrintedBytes) {
      const std::size_t percent = std::min(rest_.find('%'), rest_.size());
      text_ += rest_.substr(0, percent);
      rest_.remove_prefix(percent);
      if (!rest_.empty()) {
        rest_.remove_prefix(1);
        print_one();
      }
    }
    print_extra();
    return std::move(text_);
  }

 private:
  void print_one() {
    Spec spec;
    take_flags(spec);
    spec.width = take_number("%!(BADWIDTH)").value_or(0);
    if (spec.width < 0) {
      spec.minus = true;
      spec.width = -spec.width;
    }
    spec.zero = spec.zero && !spec.minus;
    if (rest_.starts_with('.')) {
      rest_.remove_prefix(1);
      spec.precision = std::max(take_number("%!(BADPREC)").value_or(0), 0);
    }
    if (rest_.empty()) {
      text_ += "%!(NOVERB)";
      return;
    }
    spec.verb = next_rune(rest_);
    if (spec.verb == '%') {
      text_ += '%';
    } else if (used_ >= arguments_.size()) {
      text_ += "%!";
      append_rune(text_, spec.verb);
      text_ += "(MISSING)";
    } else {
      append_spec_value(text_, arguments_[used_++], spec);
    }
  }

  void take_flags(Spec& spec) {
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      switch (rest_.front()) {
        case '-':
          spec.minus = true;
          break;
        case '+':
          spec.plus = true;
          break;
        case ' ':
          spec.space = true;
          break;
        case '0':
          spec.zero = true;
          break;
        case '#':
          spec.sharp = true;
          break;
        default:
          return;
      }
    }
  }

  std::optional<int> take_number(std::string_view complaint) {
    if (rest_.starts_with('*')) {
      rest_.remove_prefix(1);
      const auto* given =
          used_ < arguments_.size() ? arguments_[used_].as<std::int64_t>() : nullptr;
      ++used_;
      if (given == nullptr || *given > kMaxWidth || *given < -kMaxWidth) {
        text_ += complaint;
        return std::nullopt;
      }
      return static_cast<int>(*given);
    }
    std::optional<int> number;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      number = std::min(number.value_or(0) * 10 + (rest_.front() - '0'), kMaxWidth + 1);
      rest_.remove_prefix(1);
    }
    if (number.value_or(0) > kMaxWidth) {
      text_ += complaint;
      return std::nullopt;
    }
    return number;
  }

  void print_extra() {
    if (used_ >= arguments_.size() || text_.size() > kMaxPrintedBytes) {
      return;
    }
    text_ += "%!(EXTRA ";
    for (std::size_t i = used_; i < arguments_.size(); ++i) {
      text_ += i > used_ ? ", " : "";
      if (!arguments_[i].is_nil()) {
        text_ += arguments_[i].type_name() + "=";
      }
      append_spec_value(text_, arguments_[i], Spec());
    }
    text_ += ')';
  }

  std::string_view rest_;
  std::span<const Value> arguments_;
  std::size_t used_ = 0;
  std::string text_;
};

}  // namespace

void append_value(std::string& text, const Value& value) { append_spec_value(text, value, Spec()); }

std::string format_values(std::string_view format, std::span<const Value> arguments) {
  return Printer(format, arguments).run();
}

std::string print_values(std::span<const Value> arguments) {
  std::string text;
  const auto is_text = [](const Value& value) { return value.as<std::string>() != nullptr; };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0 && !is_text(arguments[i]) && !is_text(arguments[i - 1])) {
      text += ' ';
    }
    append_value(text, arguments[i]);
  }
  return text;
}

}  // namespace tocsin::templates
