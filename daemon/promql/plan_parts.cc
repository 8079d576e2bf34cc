#include "promql/plan_parts.h"

#include "promql/arithmetic.h"
#include "promql/functions.h"

namespace tocsin::promql {

std::string selection_key(const Selector& selector, FrameId frame) {
  std::string key = std::to_string(frame);
  for (const model::Matcher& matcher : selector.matchers) {
    key += '\xff' + matcher.to_string();
  }
  const TimeShift& shift = selector.shift;
  key += '\xff' + std::to_string(static_cast<int>(shift.anchor)) + '\xff' +
         std::to_string(shift.anchor == TimeShift::Anchor::kTime ? shift.at_ms : 0) + '\xff' +
         std::to_string(shift.offset_ms);
  return key;
}

std::string key_of(const Expr& expr, FrameId frame) {
  const auto* selector = std::get_if<Selector>(&expr.node);
  if (selector == nullptr) {
    return std::to_string(frame) + ' ' + format(expr);
  }
  // Selectors may have parts that are not written.
  return selection_key(*selector, frame) + '\xff' +
         std::to_string(selector->range_ms.value_or(-1)) + '\xff' +
         std::string(to_string(selector->extension));
}

const Expr& without_pluses(const Expr& written) {
  const Expr* expr = &without_parens(written);
  for (const auto* unary = std::get_if<Unary>(&expr->node); unary != nullptr && !unary->minus;
       unary = std::get_if<Unary>(&expr->node)) {
    expr = &without_parens(*unary->inner);
  }
  return *expr;
}

std::optional<double> constant_of(const Expr& written) {
  const Expr& expr = without_parens(written);
  if (const auto* number = std::get_if<NumberLiteral>(&expr.node)) {
    return number->value;
  }
  if (expr.type != ValueType::kScalar) {
    return std::nullopt;
  }
  if (const auto* unary = std::get_if<Unary>(&expr.node)) {
    const auto inner = constant_of(*unary->inner);
    return inner ? std::optional(unary->minus ? -*inner : *inner) : std::nullopt;
  }
  if (const auto* binary = std::get_if<Binary>(&expr.node)) {
    const auto left = constant_of(*binary->left);
    const auto right = left ? constant_of(*binary->right) : std::nullopt;
    return right ? std::optional(apply(binary->op, *left, *right)) : std::nullopt;
  }
  const auto* call = std::get_if<Call>(&expr.node);
  if (call == nullptr) {
    return std::nullopt;
  }
  if (call->function->form == Form::kScalar) {
    // scalar(vector(1)) is a way to write 1.
    const auto* inner = std::get_if<Call>(&without_parens(*call->arguments.front()).node);
    return inner != nullptr && inner->function->form == Form::kVector
               ? constant_of(*inner->arguments.front())
               : std::nullopt;
  }
  return call->function->constant_value;
}

}  // namespace tocsin::promql
