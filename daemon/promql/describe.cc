#include "promql/describe.h"

#include <optional>
#include <span>

#include "base/text.h"
#include "promql/functions.h"
#include "promql/printer.h"

namespace tocsin::promql {
namespace {

using List = AstValue::List;
using Object = AstValue::Object;

AstValue text(std::string_view value) { return {std::string(value)}; }

AstValue texts(const std::vector<std::string>& values) {
  List list;
  for (const std::string& value : values) {
    list.push_back(text(value));
  }
  return {std::move(list)};
}

AstValue optional(const std::optional<double>& value) {
  return value ? AstValue{*value} : AstValue{nullptr};
}

AstValue child(const ExprPtr& expr) { return expr ? describe_ast(*expr) : AstValue{nullptr}; }

AstValue timestamp(const TimeShift& shift) {
  return shift.anchor == TimeShift::Anchor::kTime ? AstValue{shift.at_ms} : AstValue{nullptr};
}

AstValue start_or_end(const TimeShift& shift) {
  if (shift.anchor == TimeShift::Anchor::kStart) {
    return text("start");
  }
  return shift.anchor == TimeShift::Anchor::kEnd ? text("end") : AstValue{nullptr};
}

AstValue matchers(const Selector& selector) {
  static constexpr std::string_view kOperators[] = {"=", "!=", "=~", "!~"};
  List list;
  const std::size_t written = selector.matchers.size() - selector.implied_matchers;
  for (const model::Matcher& matcher : std::span(selector.matchers).first(written)) {
    list.push_back({Object{{"name", text(matcher.name())},
                           {"type", text(kOperators[static_cast<std::size_t>(matcher.kind())])},
                           {"value", text(matcher.value())}}});
  }
  return {std::move(list)};
}

std::string_view name_of(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kOneToOne:
      return "one-to-one";
    case Cardinality::kManyToOne:
      return "many-to-one";
    case Cardinality::kOneToMany:
      return "one-to-many";
    case Cardinality::kManyToMany:
      break;
  }
  return "many-to-many";
}

AstValue matching(const Binary& binary) {
  if (binary.left->type != ValueType::kVector || binary.right->type != ValueType::kVector) {
    return {nullptr};
  }
  const VectorMatching& matching = binary.matching;
  return {Object{
      {"card", text(name_of(matching.cardinality))},
      {"fillValues",
       {Object{{"lhs", optional(matching.fill_left)}, {"rhs", optional(matching.fill_right)}}}},
      {"include", texts(matching.include)},
      {"labels", texts(matching.labels)},
      {"on", {matching.on}}}};
}

Object node(const NumberLiteral& number) {
  return {{"type", text("numberLiteral")}, {"val", text(base::format_number(number.value))}};
}

Object node(const StringLiteral& literal) {
  return {{"type", text("stringLiteral")}, {"val", text(literal.value)}};
}

Object node(const Selector& selector) {
  const TimeShift shift = selector.of_info ? TimeShift() : selector.shift;
  Object object = {{"anchored", {selector.extension == Extension::kAnchored}},
                   {"matchers", matchers(selector)},
                   {"name", text(selector.name)},
                   {"offset", {shift.offset_ms}}};
  if (selector.range_ms) {
    object.emplace_back("range", AstValue{*selector.range_ms});
  }
  object.emplace_back("smoothed", AstValue{selector.extension == Extension::kSmoothed});
  object.emplace_back("startOrEnd", start_or_end(shift));
  object.emplace_back("timestamp", timestamp(shift));
  object.emplace_back("type", text(selector.range_ms ? "matrixSelector" : "vectorSelector"));
  return object;
}

Object node(const Subquery& subquery) {
  return {{"expr", child(subquery.inner)},
          {"offset", {subquery.shift.offset_ms}},
          {"range", {subquery.range_ms}},
          {"startOrEnd", start_or_end(subquery.shift)},
          {"step", {subquery.step_ms.value_or(0)}},
          {"timestamp", timestamp(subquery.shift)},
          {"type", text("subquery")}};
}

Object node(const Call& call) {
  const Function& function = *call.function;
  List arguments;
  for (const ExprPtr& argument : written_arguments(call)) {
    arguments.push_back(describe_ast(*argument));
  }
  List types;
  for (const ValueType type : function.arguments) {
    types.push_back(text(to_string(type)));
  }
  return {{"args", {std::move(arguments)}},
          {"func",
           {Object{{"argTypes", {std::move(types)}},
                   {"name", text(function.name)},
                   {"returnType", text(to_string(function.result))},
                   {"variadic", {std::int64_t{function.variadic}}}}}},
          {"type", text("call")}};
}

Object node(const Aggregation& aggregation) {
  return {{"expr", child(aggregation.inner)},      {"grouping", texts(aggregation.labels)},
          {"op", text(to_string(aggregation.op))}, {"param", child(aggregation.parameter)},
          {"type", text("aggregation")},           {"without", {aggregation.without}}};
}

Object node(const Binary& binary) {
  return {{"bool", {binary.return_bool}}, {"lhs", child(binary.left)},
          {"matching", matching(binary)}, {"op", text(to_string(binary.op))},
          {"rhs", child(binary.right)},   {"type", text("binaryExpr")}};
}

Object node(const Unary& unary) {
  return {{"expr", child(unary.inner)},
          {"op", text(unary.minus ? "-" : "+")},
          {"type", text("unaryExpr")}};
}

Object node(const Paren& paren) {
  return {{"expr", child(paren.inner)}, {"type", text("parenExpr")}};
}

}  // namespace

AstValue describe_ast(const Expr& expr) {
  return {std::visit([](const auto& part) { return node(part); }, expr.node)};
}

}  // namespace tocsin::promql
