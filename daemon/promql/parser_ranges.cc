#include <cmath>
#include <string>
#include <utility>

#include "promql/parser_impl.h"

namespace tocsin::promql {

using base::Result;

namespace {

// Where a selector or subquery keeps its offset and @; null for everything else.
TimeShift* shift_of(Expr& expr) {
  if (auto* selector = std::get_if<Selector>(&expr.node)) {
    return &selector->shift;
  }
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) {
    return &subquery->shift;
  }
  return nullptr;
}

}  // namespace

Result<NewExpr> Parser::postfix(NewExpr expr) {
  bool offset_given = false;
  bool at_given = false;
  while (true) {
    const Token token = peek();
    if (token.kind == TokenKind::kLeftBracket) {
      if (std::holds_alternative<Selector>(expr->node)) {
        // A subquery may follow a shifted selector, a range may not.
        const bool range = peek(2).kind != TokenKind::kColon;
        if (range && offset_given) {
          return fail(token, "no offset modifiers allowed before range");
        }
        if (range && at_given) {
          return fail(token, "no @ modifiers allowed before range");
        }
      }
      auto wrapped = range_or_subquery(std::move(expr));
      if (!wrapped) {
        return wrapped;
      }
      expr = std::move(*wrapped);
      offset_given = false;
      at_given = false;
    } else if (token.is_word("offset")) {
      if (shift_of(*expr) != nullptr && offset_given) {
        return fail(token, "offset may not be set multiple times");
      }
      if (auto status = offset(*expr); !status) {
        return status.error();
      }
      offset_given = true;
    } else if (token.kind == TokenKind::kAt) {
      if (shift_of(*expr) != nullptr && at_given) {
        return fail(token, "@ <timestamp> may not be set multiple times");
      }
      if (auto status = at_modifier(*expr); !status) {
        return status.error();
      }
      at_given = true;
    } else if (token.is_word("anchored") || token.is_word("smoothed")) {
      if (auto status = extension_modifier(*expr); !status) {
        return status.error();
      }
    } else {
      return expr;
    }
  }
}

Result<NewExpr> Parser::range_or_subquery(NewExpr expr) {
  const Token open = next();
  DurationPtr range_expr;
  auto range = positive_duration(range_expr);
  if (!range) {
    return range.error();
  }
  if (accept(TokenKind::kRightBracket)) {
    auto* selector = std::get_if<Selector>(&expr->node);
    if (selector == nullptr || selector->range_ms) {
      return fail(open, "ranges only allowed for vector selectors");
    }
    selector->range_ms = *range;
    selector->range_expr = std::move(range_expr);
    expr->type = ValueType::kMatrix;
    expr->span.end = previous_end();
    return expr;
  }
  if (!accept(TokenKind::kColon)) {
    return unexpected(peek(), "subquery or range selector", "\"]\" or \":\"");
  }
  Subquery node;
  node.range_ms = *range;
  node.range_expr = std::move(range_expr);
  if (peek().kind != TokenKind::kRightBracket) {
    auto step = positive_duration(node.step_expr);
    if (!step) {
      return step.error();
    }
    node.step_ms = *step;
  }
  if (!accept(TokenKind::kRightBracket)) {
    return unexpected(peek(), "subquery selector", "\"]\"");
  }
  const std::uint32_t depth = expr->depth;
  const Span span{expr->span.begin, previous_end()};
  node.inner = std::move(expr);
  return make(std::move(node), span, depth);
}

base::Status Parser::offset(Expr& expr) {
  const Token word = next();
  TimeShift* shift = shift_of(expr);
  if (shift == nullptr) {
    return fail(word,
                "offset modifier must be preceded by an instant vector selector or range vector "
                "selector or a subquery");
  }
  auto by = offset_duration(shift->offset_expr);
  if (!by) {
    return by.error();
  }
  shift->offset_ms = *by;
  expr.span.end = previous_end();
  return {};
}

base::Status Parser::at_modifier(Expr& expr) {
  const Token at = next();
  TimeShift* shift = shift_of(expr);
  if (shift == nullptr) {
    return fail(at,
                "@ modifier must be preceded by an instant vector selector or range vector "
                "selector or a subquery");
  }
  if (peek().is_word("start") || peek().is_word("end")) {
    shift->anchor = next().is_word("start") ? TimeShift::Anchor::kStart : TimeShift::Anchor::kEnd;
    if (!accept(TokenKind::kLeftParen) || !accept(TokenKind::kRightParen)) {
      return unexpected(peek(), "@ modifier", "\"()\"");
    }
  } else {
    auto time = timestamp();
    if (!time) {
      return time.error();
    }
    shift->anchor = TimeShift::Anchor::kTime;
    shift->at_ms = *time;
  }
  expr.span.end = previous_end();
  return {};
}

// anchored or smoothed, which a selector takes once, with or without a range.
base::Status Parser::extension_modifier(Expr& expr) {
  const Token word = next();
  const Extension extension =
      word.is_word("anchored") ? Extension::kAnchored : Extension::kSmoothed;
  const std::string name = std::string(to_string(extension)) + " modifier ";
  auto* selector = std::get_if<Selector>(&expr.node);
  if (!options_.extended_ranges) {
    return syntax_error(text_, expr.span.begin, name + "is experimental and not enabled");
  }
  if (std::holds_alternative<Subquery>(expr.node)) {
    return syntax_error(text_, expr.span.begin, name + "is not supported for subqueries");
  }
  if (selector == nullptr) {
    return syntax_error(text_, expr.span.begin, name + "not implemented");
  }
  if (selector->extension != Extension::kNone && selector->extension != extension) {
    return syntax_error(text_, expr.span.begin,
                        "anchored and smoothed modifiers cannot be used together");
  }
  selector->extension = extension;
  expr.span.end = previous_end();
  return {};
}

}  // namespace tocsin::promql
