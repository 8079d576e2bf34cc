#include "api/json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace tocsin::api {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// The length of the UTF-8 sequence at the front; 0 when it is none.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (length > text.size() || !base::is_valid_utf8(text.substr(0, length))) {
    return 0;
  }
  return length;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  // < > & as in Go, so that no browser takes an answer for a page.
  if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u00";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
    return;
  }
  out += c;
}

/// How many bytes from the front go into a string as they are: nearly always all of them.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&') {
      break;
    }
    ++at;
  }
  return at;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_prefix(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) {
      break;
    }
    const std::size_t length = sequence_length(text);
    if (length == 1) {
      append_escaped(out, text[0]);
    } else if (length == 0) {
      out += kReplacement;
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

std::string special(double value) {
  return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

void append_sample_value(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += special(value);
    return;
  }
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  // to_chars prints the digits beyond a double's own exactly; Go has zeros there.
  if (!exponent && size >= kExactIntegers) {
    out += base::format_number(value);
    return;
  }
  std::array<char, 64> text;
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed);
  out.append(text.data(), error == std::errc() ? end : text.data());
}

void append_timestamp(std::string& out, std::int64_t milliseconds) {
  const auto bits = static_cast<std::uint64_t>(milliseconds);
  const std::uint64_t size = milliseconds < 0 ? 0 - bits : bits;
  if (milliseconds < 0) {
    out += '-';
  }
  std::array<char, 24> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), size / 1000);
  out.append(text.data(), error == std::errc() ? end : text.data());
  if (const std::uint64_t rest = size % 1000; rest != 0) {
    out += '.';
    out += static_cast<char>('0' + rest / 100);
    out += static_cast<char>('0' + rest / 10 % 10);
    out += static_cast<char>('0' + rest % 10);
  }
}

}  // namespace

void JsonWriter::separate() {
  if (need_comma_) {
    out_ += ',';
  }
  need_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  out_ += '{';
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  out_ += '}';
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  out_ += '[';
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_ += ']';
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::integer(std::int64_t value) { return raw(std::to_string(value)); }

JsonWriter& JsonWriter::number(double value) {
  return raw(std::isfinite(value) ? format_sample_value(value) : "null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::labels(const model::Labels& labels) {
  begin_object();
  for (const model::Label& label : labels) {
    field(label.name.view(), label.value.view());
  }
  return end_object();
}

JsonWriter& JsonWriter::sample(std::int64_t time_ms, double value) {
  separate();
  out_ += '[';
  append_timestamp(out_, time_ms);
  out_ += ",\"";
  append_sample_value(out_, value);
  out_ += "\"]";
  return *this;
}

std::string format_exponent(double value) {
  if (!std::isfinite(value)) {
    return special(value);
  }
  std::array<char, 64> text;
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
  return error == std::errc() ? std::string(text.data(), end) : special(value);
}

std::string format_sample_value(double value) {
  std::string out;
  append_sample_value(out, value);
  return out;
}

std::string format_seconds(std::int64_t milliseconds) {
  const std::int64_t rest = std::abs(milliseconds % 1000);
  std::string out =
      milliseconds < 0 && milliseconds > -1000 ? "-0" : std::to_string(milliseconds / 1000);
  if (rest != 0) {
    const std::string digits = std::to_string(1000 + rest).substr(1);
    out += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return out;
}

std::string format_timestamp(std::int64_t milliseconds) {
  std::string out;
  append_timestamp(out, milliseconds);
  return out;
}

std::string format_time(const std::optional<base::WallTime>& time) {
  if (!time) {
    return "0001-01-01T00:00:00Z";
  }
  const auto day = std::chrono::floor<std::chrono::days>(*time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(*time - day);
  std::array<char, 64> text;
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace tocsin::api
