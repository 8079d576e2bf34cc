#include <algorithm>
#include <compare>
#include <string_view>
#include <utility>

#include "promql/call_frame.h"
#include "promql/functions.h"

/// sort_by_label and sort_by_label_desc: natural order of label values, "a9" before "a10".
namespace tocsin::promql {
namespace {

using base::Result;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the longest run of digits, or of other bytes, off the text.
std::string_view take_run(std::string_view& text) {
  std::size_t length = 1;
  while (length < text.size() && is_digit(text[length]) == is_digit(text.front())) {
    ++length;
  }
  const std::string_view run = text.substr(0, length);
  text.remove_prefix(length);
  return run;
}

std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

std::strong_ordering natural(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_run(a);
    const std::string_view right = take_run(b);
    const bool digits = is_digit(left.front()) && is_digit(right.front());
    if (const auto order = digits ? compare_digits(left, right) : left <=> right; order != 0) {
      return order;
    }
  }
  return a.size() <=> b.size();
}

Result<Operand> sorted(CallFrame& frame, bool descending) {
  if (frame.evaluator.is_range_query()) {
    frame.evaluator.notes().warn(
        frame.expr.span,
        "sort is ineffective for range queries since results are always ordered by labels");
  }
  const auto order = [&](const Element& a, const Element& b) {
    for (std::size_t i = 1; i < frame.arguments.size(); ++i) {
      const auto by_label = natural(a.labels.get(frame.text(i)), b.labels.get(frame.text(i)));
      if (by_label != 0) {
        return by_label;
      }
    }
    return a.labels <=> b.labels;
  };
  Elements elements = std::move(frame.vector(0));
  std::ranges::stable_sort(elements, [&](const Element& a, const Element& b) {
    return descending ? order(b, a) < 0 : order(a, b) < 0;
  });
  return Operand(std::move(elements));
}

Result<Operand> ascending(CallFrame& frame) { return sorted(frame, false); }
Result<Operand> descending(CallFrame& frame) { return sorted(frame, true); }

}  // namespace

std::vector<Function> sort_functions() {
  constexpr auto kString = ValueType::kString;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
      {"sort_by_label",
       {kVector, kString},
       -1,
       kVector,
       &ascending,
       "ordered by the values of labels, numbers within them by size; ties by all labels"},
      {"sort_by_label_desc",
       {kVector, kString},
       -1,
       kVector,
       &descending,
       "like sort_by_label, in descending order"},
  };
  for (Function& row : rows) {
    row.experimental = true;
  }
  return rows;
}

}  // namespace tocsin::promql
