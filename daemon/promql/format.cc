#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/text.h"
#include "promql/functions.h"
#include "promql/printer.h"

namespace tocsin::promql {
namespace {

std::string label_name(std::string_view name) {
  return model::is_legacy_label_name(name) ? std::string(name) : base::quote(name);
}

std::string label_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += text.empty() ? "" : ", ";
    text += label_name(name);
  }
  return "(" + text + ")";
}

std::string duration(std::int64_t milliseconds) {
  return base::format_duration(base::Duration(milliseconds));
}

std::string number(double value, bool as_duration) {
  return as_duration ? duration(std::llround(value * 1000)) : base::format_number(value);
}

void write(const DurationExpr& expr, std::string& out);

void write_inner(const DurationExpr& expr, std::string& out) {
  using Op = DurationExpr::Op;
  static constexpr std::string_view kSymbols = "+-*/%^";
  switch (expr.op) {
    case Op::kNumber:
      out += number(expr.value, expr.duration);
      return;
    case Op::kStep:
      out += "step()";
      return;
    case Op::kRange:
      out += "range()";
      return;
    case Op::kNegate:
      out += "-";
      write(*expr.left, out);
      return;
    case Op::kMinOf:
    case Op::kMaxOf:
      out += expr.op == Op::kMinOf ? "min_of(" : "max_of(";
      write(*expr.left, out);
      out += ", ";
      write(*expr.right, out);
      out += ")";
      return;
    default:
      break;
  }
  write(*expr.left, out);
  out += " ";
  out += kSymbols[static_cast<std::size_t>(expr.op) - static_cast<std::size_t>(Op::kAdd)];
  out += " ";
  write(*expr.right, out);
}

void write(const DurationExpr& expr, std::string& out) {
  out += expr.wrapped ? "(" : "";
  write_inner(expr, out);
  out += expr.wrapped ? ")" : "";
}

// A duration as it was computed, or the plain one.
std::string duration(const DurationPtr& expr, std::int64_t milliseconds) {
  if (!expr) {
    return duration(milliseconds);
  }
  std::string text;
  write(*expr, text);
  return text;
}

std::string at_of(const TimeShift& shift) {
  switch (shift.anchor) {
    case TimeShift::Anchor::kTime: {
      const std::string digits = std::to_string(std::llabs(shift.at_ms) % 1000 + 1000);
      return std::string(" @ ") + (shift.at_ms < 0 ? "-" : "") +
             std::to_string(std::llabs(shift.at_ms) / 1000) + "." + digits.substr(1);
    }
    case TimeShift::Anchor::kStart:
      return " @ start()";
    case TimeShift::Anchor::kEnd:
      return " @ end()";
    case TimeShift::Anchor::kEvaluation:
      break;
  }
  return {};
}

std::string offset_of(const TimeShift& shift) {
  if (!shift.offset_expr && shift.offset_ms == 0) {
    return {};
  }
  return " offset " + duration(shift.offset_expr, shift.offset_ms);
}

// What stands in the braces, and whether there are any.
std::pair<std::string, bool> matchers_of(const Selector& selector) {
  std::vector<std::string> parts;
  const std::size_t written = selector.matchers.size() - selector.implied_matchers;
  for (const model::Matcher& matcher : std::span(selector.matchers).first(written)) {
    const bool is_name = matcher.name() == model::kMetricName &&
                         matcher.kind() == model::MatchKind::kEqual &&
                         matcher.value() == selector.name;
    if (!is_name || selector.name.empty()) {
      parts.push_back(matcher.to_string());
    }
  }
  std::ranges::sort(parts);
  if (!selector.name.empty() && !model::is_legacy_metric_name(selector.name)) {
    parts.insert(parts.begin(), base::quote(selector.name));
  }
  return {base::join(parts, ","), !parts.empty() || selector.name.empty()};
}

}  // namespace

std::string head_of(const Aggregation& aggregation) {
  std::string text(to_string(aggregation.op));
  if (aggregation.without) {
    text += " without " + label_names(aggregation.labels) + " ";
  } else if (!aggregation.labels.empty()) {
    text += " by " + label_names(aggregation.labels) + " ";
  }
  return text;
}

std::string operator_of(const Binary& binary) {
  std::string text(to_string(binary.op));
  text += binary.return_bool ? " bool" : "";
  const VectorMatching& matching = binary.matching;
  const bool left = matching.cardinality == Cardinality::kManyToOne;
  const bool grouped = left || matching.cardinality == Cardinality::kOneToMany;
  if (matching.on || !matching.labels.empty() || grouped) {
    text += (matching.on ? " on " : " ignoring ") + label_names(matching.labels);
  }
  if (grouped) {
    text += (left ? " group_left " : " group_right ") + label_names(matching.include);
  }
  const auto fill = [&](std::string_view word, double value) {
    text += " " + std::string(word) + " (" + base::format_number_short(value) + ")";
  };
  const auto& [fill_left, fill_right] = std::pair(matching.fill_left, matching.fill_right);
  const bool same =
      fill_left && fill_right &&
      (*fill_left == *fill_right || (*fill_left != *fill_left && *fill_right != *fill_right));
  if (same) {
    fill("fill", *fill_left);
    return text;
  }
  if (fill_left) {
    fill("fill_left", *fill_left);
  }
  if (fill_right) {
    fill("fill_right", *fill_right);
  }
  return text;
}

std::string suffix_of(const Subquery& subquery) {
  std::string text = "[" + duration(subquery.range_expr, subquery.range_ms) + ":";
  if (subquery.step_ms) {
    text += duration(subquery.step_expr, *subquery.step_ms);
  }
  return text + "]" + at_of(subquery.shift) + offset_of(subquery.shift);
}

std::span<const ExprPtr> written_arguments(const Call& call) {
  std::span<const ExprPtr> arguments(call.arguments);
  const auto* last = arguments.empty() ? nullptr : std::get_if<Selector>(&arguments.back()->node);
  return last != nullptr && last->implied ? arguments.first(arguments.size() - 1) : arguments;
}

void Printer::print(const Expr& expr) {
  const std::size_t begin = out_.size();
  std::visit([this](const auto& node) { write(node); }, expr.node);
  places_[&expr] = {begin, out_.size()};
}

void Printer::write(const NumberLiteral& literal) {
  const std::string text = number(literal.value, literal.duration);
  out_ += std::string_view(text).substr(std::exchange(no_sign_, false) && text[0] == '+' ? 1 : 0);
}

void Printer::write(const StringLiteral& text) { out_ += base::quote(text.value); }

void Printer::write(const Selector& selector) {
  if (model::is_legacy_metric_name(selector.name)) {
    out_ += selector.name;
  }
  if (const auto [inner, braces] = matchers_of(selector); braces) {
    out_ += "{" + inner + "}";
  }
  if (selector.of_info) {
    return;  // where it looks was not written
  }
  const std::string extension = selector.extension == Extension::kNone
                                    ? std::string()
                                    : " " + std::string(to_string(selector.extension));
  if (selector.range_ms) {
    out_ += "[" + duration(selector.range_expr, *selector.range_ms) + "]";
    out_ += extension + at_of(selector.shift);
  } else {
    out_ += at_of(selector.shift) + extension;
  }
  out_ += offset_of(selector.shift);
}

void Printer::write(const Subquery& subquery) {
  print(*subquery.inner);
  out_ += suffix_of(subquery);
}

void Printer::write(const Call& call) {
  out_ += call.function->name;
  out_ += "(";
  std::string_view separator;
  for (const ExprPtr& argument : written_arguments(call)) {
    out_ += std::exchange(separator, ", ");
    print(*argument);
  }
  out_ += ")";
}

void Printer::write(const Aggregation& aggregation) {
  out_ += head_of(aggregation) + "(";
  if (aggregation.parameter) {
    print(*aggregation.parameter);
    out_ += ", ";
  }
  print(*aggregation.inner);
  out_ += ")";
}

void Printer::write(const Binary& binary) {
  // +Inf ^ 2 would be +(Inf ^ 2) to the next reader.
  no_sign_ =
      binary.op == BinaryOp::kPower && std::holds_alternative<NumberLiteral>(binary.left->node);
  print(*binary.left);
  out_ += " " + operator_of(binary) + " ";
  print(*binary.right);
}

void Printer::write(const Unary& unary) {
  out_ += unary.minus ? "-" : "+";
  print(*unary.inner);
}

void Printer::write(const Paren& paren) {
  out_ += "(";
  print(*paren.inner);
  out_ += ")";
}

std::string format(const Expr& expr) { return Printer(expr).take(); }

}  // namespace tocsin::promql
