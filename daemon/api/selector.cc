#include "api/selector.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "promql/ast.h"

namespace tocsin::api {
namespace {

/// Far beyond any sample, and far from overflow.
constexpr std::int64_t kEarliestMs = -9'000'000'000'000'000;
constexpr std::int64_t kLatestMs = 9'000'000'000'000'000;

base::Error fault(std::size_t offset, std::string what) {
  return base::Error(base::ErrorCode::kInvalidInput, "parse error: unexpected " + std::move(what))
      .at({.file = "", .line = 1, .column = static_cast<int>(offset) + 1});
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

/// Where a name alone would end.
std::size_t end_of_name(std::string_view text) {
  std::size_t at = text.find_first_not_of(" \t\n\r");
  while (at < text.size() && is_name_character(text[at])) {
    ++at;
  }
  return std::min(at, text.size());
}

}  // namespace

base::Result<model::Matchers> parse_selector(Queries& queries, const std::string& text) {
  if (text.find_first_not_of(" \t\n\r") == std::string::npos) {
    return fault(text.size(), "end of input");
  }
  // An expression goes on here; to a selector this is where something else begins.
  const std::size_t end = end_of_name(text);
  if (end < text.size() && text[end] == '(') {
    return fault(end, "\"(\"");
  }
  const base::Result<promql::Query> query = queries.parse(text);
  if (!query) {
    return query.error();
  }
  const auto* selector = std::get_if<promql::Selector>(&query->root().node);
  const bool plain = selector != nullptr && !selector->range_ms && !selector->range_expr &&
                     selector->extension == promql::Extension::kNone &&
                     selector->shift.anchor == promql::TimeShift::Anchor::kEvaluation &&
                     selector->shift.offset_ms == 0 && !selector->shift.offset_expr;
  if (!plain) {
    return fault(0, "expression: only a series selector such as up{job=\"shop\"} stands here");
  }
  return selector->matchers;
}

series::Selection everything() { return {{}, kEarliestMs, kLatestMs}; }

}  // namespace tocsin::api
