#include "app/expansion.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace tocsin::app {
namespace {

/// Shorter values are no secrets, and could be a part of any word.
constexpr std::size_t kLeastSecret = 4;

bool is_name_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

/// The name between the braces of a text that begins with `{NAME}`; empty when it does not.
std::string_view braced_name(std::string_view text) {
  if (text.size() < 3 || text[0] != '{' || !is_name_start(text[1])) {
    return {};
  }
  std::size_t end = 2;
  while (end < text.size() && is_name(text[end])) {
    ++end;
  }
  return end < text.size() && text[end] == '}' ? text.substr(1, end - 1) : std::string_view();
}

/// Calls value_of(name, offset of the $) for each variable and puts in what it gives. Of the $
/// before a brace two stand for one; so do all others, when `all_pairs`.
template <class ValueOf>
std::string substitute(std::string_view text, bool all_pairs, const ValueOf& value_of) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_not_of('$', at), text.size());
    const std::size_t dollars = end - at;
    if (dollars == 0) {
      out += text[at++];
      continue;
    }
    const std::string_view name = braced_name(text.substr(end));
    out.append(all_pairs || !name.empty() ? dollars / 2 : dollars, '$');
    at = end;
    if (dollars % 2 == 0) {
      continue;
    }
    if (!name.empty()) {
      out += value_of(std::string(name), end - 1);
      at = end + name.size() + 2;
    } else if (all_pairs) {
      out += '$';
    }
  }
  return out;
}

/// Line and column (from 1, in characters) of a byte of a text.
std::pair<int, int> place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;
  const auto characters = std::ranges::count_if(before.substr(line_start), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  });
  return {static_cast<int>(std::ranges::count(before, '\n')) + 1, static_cast<int>(characters) + 1};
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::string Expansion::expand(const yaml::Node& scalar, yaml::Problems& problems) {
  const std::string& text = scalar.text();
  return substitute(text, false, [&](const std::string& name, std::size_t offset) {
    const auto value = environment_.get(name);
    if (!value) {
      const auto [line, column] = place_of(text, offset);
      problems.add(base::Error(base::ErrorCode::kInvalidInput, "environment variable " + name +
                                                                   " is not set; $${" + name +
                                                                   "} is the text itself")
                       .at(scalar.position_in(line, column)));
      return std::string();
    }
    values_[name] = *value;
    return *value;
  });
}

std::string Expansion::expand_label(std::string_view written) const {
  return substitute(written, true, [this](const std::string& name, std::size_t /*offset*/) {
    return environment_.get(name).value_or("");
  });
}

std::string Expansion::hide(std::string text) const {
  for (const auto& [name, value] : values_) {
    if (value.size() < kLeastSecret) {
      continue;
    }
    const std::string quoted = base::quote(value);
    const std::string variable = "${" + name + "}";
    replace_all(text, value, variable);
    replace_all(text, std::string_view(quoted).substr(1, quoted.size() - 2), variable);
  }
  return text;
}

yaml::Problems Expansion::without_values(const yaml::Problems& problems) const {
  const auto hidden = [this](const base::Error& error) {
    base::Error copy(error.code(), hide(error.message()));
    return error.position() ? std::move(copy).at(*error.position()) : copy;
  };
  yaml::Problems result;
  for (const base::Error& error : problems.errors()) {
    result.add(hidden(error));
  }
  for (const base::Error& warning : problems.warnings()) {
    result.warn(hidden(warning));
  }
  return result;
}

}  // namespace tocsin::app
