#include <cmath>
#include <limits>

#include "base/duration.h"
#include "base/text.h"
#include "promql/parser_impl.h"
#include "promql/strings.h"

namespace tocsin::promql {

using base::Error;
using base::Result;
using model::Matcher;
using model::MatchKind;

namespace {

// Where a selector or subquery keeps its offset and @; null for everything else. `given` tells
// whether each of them was written already.
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

Result<NewExpr> Parser::selector(const Token* name) {
  Selector node;
  node.index = selectors_++;
  const Token first = name != nullptr ? *name : peek();
  if (name != nullptr) {
    node.name = name->text;
  }
  if (peek().kind == TokenKind::kLeftBrace) {
    if (auto status = matchers(node); !status) {
      return status.error();
    }
  }
  if (!node.name.empty()) {
    for (const Matcher& matcher : node.matchers) {
      if (name != nullptr && matcher.name() == model::kMetricName) {
        return fail(first, "metric name must not be set twice: " + base::quote(node.name) + " or " +
                               base::quote(matcher.value()));
      }
    }
    auto matcher = Matcher::make(MatchKind::kEqual, std::string(model::kMetricName), node.name);
    if (!matcher) {
      return fail(first, matcher.error().message());
    }
    node.matchers.push_back(std::move(*matcher));
  }
  bool selective = false;
  for (const Matcher& matcher : node.matchers) {
    selective = selective || !matcher.matches(std::string_view());
    if (matcher.kind() == MatchKind::kEqual && matcher.name() == model::kMetricName) {
      node.pinned_name = matcher.value();
    }
  }
  if (!selective) {
    return fail(first, "vector selector must contain at least one non-empty matcher");
  }
  return make(std::move(node), {first.span.begin, previous_end()}, 0);
}

base::Status Parser::set_metric_name(Selector& selector, const Token& token, std::string name) {
  if (!selector.name.empty()) {
    return fail(token, "metric name must not be set twice: " + base::quote(selector.name) + " or " +
                           base::quote(name));
  }
  selector.name = std::move(name);
  return {};
}

base::Status Parser::matchers(Selector& selector) {
  ++at_;  // the brace that the caller has seen
  while (!accept(TokenKind::kRightBrace)) {
    if (auto status = one_matcher(selector); !status) {
      return status;
    }
    if (peek().kind != TokenKind::kRightBrace && !accept(TokenKind::kComma)) {
      return unexpected(peek(), "label matching", "\",\" or \"}\"");
    }
  }
  return {};
}

base::Status Parser::one_matcher(Selector& selector) {
  const Token label = next();
  std::string name;
  if (label.kind == TokenKind::kIdentifier) {
    name = label.text;
  } else if (label.kind == TokenKind::kString) {
    auto text = unquote(label.text);
    if (!text) {
      return fail(label, text.error().message());
    }
    name = std::move(*text);
    if (peek().kind == TokenKind::kComma || peek().kind == TokenKind::kRightBrace) {
      return set_metric_name(selector, label, std::move(name));
    }
  } else {
    return unexpected(label, "label matching", "identifier or \"}\"");
  }
  const Token op = next();
  MatchKind kind = MatchKind::kEqual;
  if (op.kind == TokenKind::kMatchRegex) {
    kind = MatchKind::kRegex;
  } else if (op.kind == TokenKind::kMatchNotRegex) {
    kind = MatchKind::kNotRegex;
  } else if (op.kind == TokenKind::kOperator) {
    kind = MatchKind::kNotEqual;  // the only operator that the lexer knows within braces
  } else if (op.kind != TokenKind::kAssign) {
    return unexpected(op, "label matching", "label matching operator");
  }
  const Token value = next();
  if (value.kind != TokenKind::kString) {
    return unexpected(value, "label matching", "string");
  }
  auto text = unquote(value.text);
  if (!text) {
    return fail(value, text.error().message());
  }
  auto matcher = Matcher::make(kind, std::move(name), std::move(*text));
  if (!matcher) {
    return fail(value, matcher.error().message());
  }
  selector.matchers.push_back(std::move(*matcher));
  return {};
}

Result<std::vector<std::string>> Parser::label_list() {
  std::vector<std::string> labels;
  if (!accept(TokenKind::kLeftParen)) {
    return unexpected(peek(), "grouping opts", "\"(\"");
  }
  while (!accept(TokenKind::kRightParen)) {
    const Token token = next();
    switch (token.kind) {
      case TokenKind::kString: {
        auto text = unquote(token.text);
        if (!text) {
          return fail(token, text.error().message());
        }
        if (text->empty()) {
          return fail(token, "invalid label name in grouping");
        }
        labels.push_back(std::move(*text));
        break;
      }
      case TokenKind::kIdentifier:
      case TokenKind::kKeyword:
      case TokenKind::kAggregator:
        labels.emplace_back(token.text);
        break;
      case TokenKind::kOperator:
        // and, or, unless, atan2 are labels here; symbols are not.
        if (!model::is_legacy_label_name(token.text)) {
          return unexpected(token, "grouping opts", "label");
        }
        labels.emplace_back(token.text);
        break;
      default:
        return unexpected(token, "grouping opts", "label");
    }
    if (peek().kind != TokenKind::kRightParen && !accept(TokenKind::kComma)) {
      return unexpected(peek(), "grouping opts", "\",\" or \")\"");
    }
  }
  return labels;
}

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
    } else {
      return expr;
    }
  }
}

Result<NewExpr> Parser::range_or_subquery(NewExpr expr) {
  const Token open = next();
  auto range = positive_duration();
  if (!range) {
    return range.error();
  }
  if (accept(TokenKind::kRightBracket)) {
    auto* selector = std::get_if<Selector>(&expr->node);
    if (selector == nullptr || selector->range_ms) {
      return fail(open, "ranges only allowed for vector selectors");
    }
    selector->range_ms = *range;
    expr->type = ValueType::kMatrix;
    expr->span.end = previous_end();
    return expr;
  }
  if (!accept(TokenKind::kColon)) {
    return unexpected(peek(), "subquery or range selector", "\"]\" or \":\"");
  }
  Subquery node;
  node.range_ms = *range;
  if (peek().kind != TokenKind::kRightBracket) {
    auto step = positive_duration();
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
  auto by = duration(true);
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
    auto time = duration(true);
    if (!time) {
      return time.error();
    }
    shift->anchor = TimeShift::Anchor::kTime;
    shift->at_ms = *time;
  }
  expr.span.end = previous_end();
  return {};
}

Result<std::int64_t> Parser::duration(bool signed_allowed) {
  const Token first = peek();
  bool minus = false;
  if (signed_allowed && first.kind == TokenKind::kOperator &&
      (first.op == BinaryOp::kAdd || first.op == BinaryOp::kSubtract)) {
    minus = first.op == BinaryOp::kSubtract;
    ++at_;
  }
  const Token token = next();
  std::int64_t milliseconds = 0;
  if (token.kind == TokenKind::kDuration) {
    const auto parsed = base::parse_duration(token.text);
    if (!parsed) {
      return fail(token, parsed.error().message());
    }
    milliseconds = parsed->count();
  } else if (token.kind == TokenKind::kNumber) {
    const double seconds =
        base::parse_number(token.text).value_or(std::numeric_limits<double>::quiet_NaN());
    // Prometheus keeps durations in 63 bits of nanoseconds.
    constexpr double kMaxSeconds = 9.2e9;
    if (!(std::fabs(seconds) <= kMaxSeconds)) {
      return fail(token, "duration out of range");
    }
    milliseconds = static_cast<std::int64_t>(std::llround(seconds * 1000));
  } else {
    return unexpected(token, {}, "number or duration");
  }
  return minus ? -milliseconds : milliseconds;
}

Result<std::int64_t> Parser::positive_duration() {
  const Token token = peek();
  auto value = duration(true);
  if (value && *value <= 0) {
    return fail(token, "duration must be greater than 0");
  }
  return value;
}

}  // namespace tocsin::promql
