#include "net/http.h"

#include <algorithm>

#include "base/text.h"

namespace tocsin::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

bool lists_gzip(std::string_view header) {
  const std::string lower = base::to_lower(header);
  for (const std::string_view part : base::split(lower, ',')) {
    const auto pieces = base::split(part, ';');
    const std::string_view name = base::trim(pieces[0]);
    const std::string_view weight = pieces.size() > 1 ? base::trim(pieces[1]) : "q=1";
    const bool zero =
        weight == "q=0" || weight == "q=0.0" || weight == "q=0.00" || weight == "q=0.000";
    if ((name == "gzip" || name == "*") && !zero) {
      return true;
    }
  }
  return false;
}

bool accepts_gzip(const Headers& headers) {
  return lists_gzip(headers.get("Accept-Encoding").value_or(""));
}

void Headers::set(std::string_view name, std::string_view value) {
  for (auto& [existing, text] : fields_) {
    if (same_name(existing, name)) {
      text = value;
      return;
    }
  }
  fields_.emplace_back(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& [existing, text] : fields_) {
    if (same_name(existing, name)) {
      return text;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> ServerRequest::parameter(std::string_view name) const {
  for (const auto& [existing, value] : query) {
    if (existing == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::vector<std::string> ServerRequest::parameters(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [existing, value] : query) {
    if (existing == name) {
      values.push_back(value);
    }
  }
  return values;
}

}  // namespace tocsin::net
