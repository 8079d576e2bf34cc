#include "base/text.h"
#include "promql/info.h"
#include "promql/parser_impl.h"
#include "promql/strings.h"

namespace tocsin::promql {

using base::Result;
using model::Matcher;
using model::MatchKind;

// The second argument of info(), or what stands for it when there is none. Unlike other selectors
// it may match empty values only; implied matchers say which series carry the labels.
Result<NewExpr> Parser::info_selector(const Expr& base, bool written) {
  Selector node;
  node.index = selectors_++;
  node.implied = !written;
  Span span = base.span;
  if (written) {
    const Token first = peek();
    if (auto status = matchers(node); !status) {
      return status.error();
    }
    if (!node.name.empty()) {
      return fail(first, "expected label selectors only, got vector selector instead");
    }
    span = {first.span.begin, previous_end()};
  }
  complete_info_selector(node, base);
  return make(std::move(node), span, 0);
}

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

}  // namespace tocsin::promql
