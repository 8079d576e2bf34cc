#include "rules/near.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <variant>
#include <vector>

#include "base/text.h"
#include "promql/ast.h"

namespace tocsin::rules {
namespace {

using promql::Binary;
using promql::BinaryOp;
using promql::Expr;

struct Edit {
  promql::Span span;
  std::string text;
};

std::optional<double> number_of(const Expr& expr) {
  if (const auto* literal = std::get_if<promql::NumberLiteral>(&expr.node)) {
    return literal->value;
  }
  if (const auto* paren = std::get_if<promql::Paren>(&expr.node)) {
    return number_of(*paren->inner);
  }
  if (const auto* unary = std::get_if<promql::Unary>(&expr.node)) {
    const auto inner = number_of(*unary->inner);
    return inner && unary->minus ? -*inner : inner;
  }
  return std::nullopt;
}

bool wants_more(BinaryOp op) { return op == BinaryOp::kGreater || op == BinaryOp::kGreaterEqual; }
bool wants_less(BinaryOp op) { return op == BinaryOp::kLess || op == BinaryOp::kLessEqual; }

/// `above`: what is compared has to lie above the threshold.
void move(const Expr& threshold, double value, bool above, std::vector<Edit>& edits) {
  const double margin = std::abs(value) * kNearShare;
  if (margin > 0 && std::isfinite(margin)) {
    edits.push_back({threshold.span, base::format_number(value + (above ? -margin : margin))});
  }
}

void collect(const Expr& expr, std::vector<Edit>& edits) {
  if (const auto* paren = std::get_if<promql::Paren>(&expr.node)) {
    collect(*paren->inner, edits);
    return;
  }
  const auto* binary = std::get_if<Binary>(&expr.node);
  if (binary == nullptr) {
    return;
  }
  if (promql::is_set_operator(binary->op)) {
    collect(*binary->left, edits);
    if (binary->op != BinaryOp::kUnless) {
      collect(*binary->right, edits);
    }
    return;
  }
  if (binary->return_bool || (!wants_more(binary->op) && !wants_less(binary->op))) {
    return;
  }
  const auto left = number_of(*binary->left);
  const auto right = number_of(*binary->right);
  if (right && !left) {
    move(*binary->right, *right, wants_more(binary->op), edits);
  } else if (left && !right) {
    move(*binary->left, *left, wants_less(binary->op), edits);
  }
}

}  // namespace

std::optional<promql::Query> near_query(const promql::Query& query) {
  std::vector<Edit> edits;
  collect(query.root(), edits);
  if (edits.empty()) {
    return std::nullopt;
  }
  std::ranges::sort(edits, {}, [](const Edit& edit) { return edit.span.begin; });
  std::string text;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    text.append(query.text(), at, edit.span.begin - at);
    text += edit.text;
    at = edit.span.end;
  }
  text.append(query.text(), at);
  auto near = promql::parse(text, promql::ParseOptions::all());
  return near ? std::optional(*std::move(near)) : std::nullopt;
}

}  // namespace tocsin::rules
