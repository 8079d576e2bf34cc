#include "templates/text_functions.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "templates/time_format.h"
#include "templates/utf8.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

RE2::Options regex_options() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

Error bad_regex(const RE2& regex) {
  return {ErrorCode::kInvalidInput, "not a valid regular expression: " + regex.error()};
}

/// A piece of a replacement: a text, or a group of the match.
struct Piece {
  std::string text;
  int group = -1;
};

int find_group(const RE2& regex, std::string_view name) {
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) {
    return number <= regex.NumberOfCapturingGroups() ? number : -1;
  }
  const auto& groups = regex.NamedCapturingGroups();
  const auto found = groups.find(std::string(name));
  return found == groups.end() ? -1 : found->second;
}

std::vector<Piece> parse_replacement(const RE2& regex, std::string_view text) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    pieces.push_back({std::string(text.substr(0, dollar))});
    text.remove_prefix(dollar);
    if (text.empty()) {
      break;
    }
    text.remove_prefix(1);
    if (text.starts_with('$')) {
      pieces.push_back({"$"});
      text.remove_prefix(1);
      continue;
    }
    const bool braced = text.starts_with('{');
    const std::string_view rest = text.substr(braced ? 1 : 0);
    const auto* const end = std::find_if_not(rest.begin(), rest.end(), is_word);
    const std::string_view name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    if (name.empty() || (braced && !rest.substr(name.size()).starts_with('}'))) {
      pieces.push_back({"$"});  // Go leaves a malformed reference as it is.
      continue;
    }
    pieces.push_back({"", find_group(regex, name)});
    text.remove_prefix(name.size() + (braced ? 2 : 0));
  }
  return pieces;
}

void append_json_text(std::string& text, std::string_view value) {
  text += '"';
  while (!value.empty()) {
    const char32_t rune = next_rune(value);
    if (rune == '"' || rune == '\\') {
      text += '\\';
      text += static_cast<char>(rune);
    } else if (rune == '\n' || rune == '\r' || rune == '\t') {
      text += rune == '\n' ? "\\n" : rune == '\r' ? "\\r" : "\\t";
    } else if (rune < 0x20 || rune == '<' || rune == '>' || rune == '&' || rune == 0x2028 ||
               rune == 0x2029) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      text += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) {
        text += kDigits[(rune >> static_cast<unsigned>(shift)) & 15U];
      }
    } else {
      append_rune(text, rune);
    }
  }
  text += '"';
}

std::string json_name(std::string name) {
  const bool all_upper = std::all_of(name.begin(), name.end(), is_upper);
  for (std::size_t i = 0; i < name.size() && (i == 0 || all_upper); ++i) {
    name[i] = is_upper(name[i]) ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  return name;
}

void append_json(std::string& text, const Value& value) {
  if (text.size() > kMaxPrintedBytes) {
    return;
  }
  if (const auto* words = value.as<std::string>()) {
    append_json_text(text, *words);
  } else if (const auto* list = value.as<List>()) {
    text += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      text += i > 0 ? "," : "";
      append_json(text, (*list)[i]);
    }
    text += ']';
  } else if (const auto* body = value.as<Struct>(); body != nullptr || value.as<Map>() != nullptr) {
    char separator = '{';
    for (const auto& [key, item] : body != nullptr ? body->fields : *value.as<Map>()) {
      text += std::exchange(separator, ',');
      append_json_text(text, body != nullptr ? json_name(key) : key);
      text += ':';
      append_json(text, item);
    }
    text += separator == '{' ? "{}" : "}";
  } else if (const auto* number = value.as<double>()) {
    text += !std::isfinite(*number)      ? "null"
            : std::fabs(*number) >= 1e21 ? base::format_number_short(*number)
                                         : base::format_number(*number);
  } else if (const auto* time = value.as<Time>()) {
    append_json_text(text, format_time(*time, "2006-01-02T15:04:05.999999999Z07:00"));
  } else if (const auto* span = value.as<Span>()) {
    text += std::to_string(span->length.count());
  } else {
    text += value.content().is_nil() ? "null" : value.to_string();
  }
}

}  // namespace

std::string to_upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

std::string to_title(std::string_view text, bool lower_rest) {
  std::string title = lower_rest ? base::to_lower(text) : std::string(text);
  bool inside = false;
  for (char& c : title) {
    const bool letter = is_word(c) || (lower_rest && inside && c == '\'');
    if (!inside && is_lower(c)) {
      c = static_cast<char>(c - 'a' + 'A');
    }
    inside = letter;
  }
  return title;
}

base::Result<Value> regex_match(const std::string& pattern, const std::string& text) {
  const RE2 regex(pattern, regex_options());
  if (!regex.ok()) {
    return bad_regex(regex);
  }
  return Value(RE2::PartialMatch(text, regex));
}

base::Result<Value> regex_replace(const std::string& pattern, const std::string& replacement,
                                  const std::string& text) {
  const RE2 regex(pattern, regex_options());
  if (!regex.ok()) {
    return bad_regex(regex);
  }
  const std::vector<Piece> pieces = parse_replacement(regex, replacement);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) +
                                       1);
  const re2::StringPiece input(text);
  std::string result;
  std::size_t copied = 0;
  bool any = false;
  for (std::size_t at = 0; at <= text.size() && result.size() <= kMaxPrintedBytes;) {
    if (!regex.Match(input, at, text.size(), RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
      break;
    }
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = begin + groups[0].size();
    result += text.substr(copied, begin - copied);
    // An empty match right behind another one does not count.
    if (end > copied || !any || begin > copied) {
      for (const Piece& piece : pieces) {
        result += piece.text;
        if (piece.group >= 0 && groups[static_cast<std::size_t>(piece.group)].data() != nullptr) {
          const re2::StringPiece& group = groups[static_cast<std::size_t>(piece.group)];
          result.append(group.data(), group.size());
        }
      }
    }
    any = true;
    copied = end;
    at = end;
    if (begin == end) {
      std::string_view rest = std::string_view(text).substr(at);
      const std::size_t before = rest.size();
      next_rune(rest);
      at += std::max<std::size_t>(before - rest.size(), 1);
    }
  }
  return Value(result + text.substr(copied));
}

base::Result<Value> query_unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) {
      return Error(ErrorCode::kInvalidInput,
                   "invalid URL escape " + base::quote(text.substr(i, 3)));
    }
    result += static_cast<char>(byte);
    i += 2;
  }
  return Value(std::move(result));
}

std::string to_json(const Value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

}  // namespace tocsin::templates
