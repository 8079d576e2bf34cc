#include "integration/promql_differential/grammar.h"

#include <algorithm>

#include "base/text.h"

namespace tocsin::differential {
namespace {

constexpr int kDepth = 4;

std::string list(const std::vector<std::string>& names) {
  return "(" + base::join(names, ", ") + ")";
}

}  // namespace

NodePtr Grammar::query(bool instant) {
  const std::size_t choice = dice_.below(100);
  if (instant && choice < 4) {
    return range_of(2, dice_.chance(0.5)).node;
  }
  return choice < 12 ? scalar(kDepth) : vector(kDepth).node;
}

NodePtr Grammar::scalar(int depth) {
  const std::size_t choice = dice_.below(depth <= 0 ? 4 : 12);
  if (choice < 3) {
    return make_node(NodeType::kScalar, {text(number())});
  }
  if (choice == 3) {
    return make_node(NodeType::kScalar, {text(dice_.one_of({"time()", "pi()", "time()"}))});
  }
  if (choice < 6) {
    return make_node(NodeType::kScalar,
                     {text("scalar("), within(vector(depth - 2).node), text(")")});
  }
  if (choice < 8) {
    return make_node(NodeType::kScalar, {text("-"), within(scalar(depth - 1))});
  }
  const std::string sign = dice_.one_of({"+", "-", "*", "/", "%", "^", "atan2", "== bool",
                                         "!= bool", "< bool", "> bool", "<= bool", ">= bool"});
  return make_node(NodeType::kScalar, {text("("), within(scalar(depth - 1)), text(" " + sign + " "),
                                       within(scalar(depth - 1)), text(")")});
}

Grammar::Shaped Grammar::vector(int depth) {
  if (depth <= 0) {
    return selector();
  }
  const std::size_t choice = dice_.below(100);
  if (choice < 22) {
    return aggregation(depth);
  }
  if (choice < 46) {
    return binary(depth);
  }
  if (choice < 80) {
    return function(depth);
  }
  if (choice < 84) {
    Shaped inner = vector(depth - 1);
    const std::string sign = dice_.one_of({"-", "-", "+"});
    return {make_node(NodeType::kVector, {text(sign + "("), within(inner.node), text(")")}),
            inner.labels};
  }
  if (choice < 87) {
    return {make_node(NodeType::kVector, {text("vector("), within(scalar(depth - 1)), text(")")}),
            {}};
  }
  return selector();
}

std::string Grammar::grouping(const std::vector<std::string>& labels,
                              std::vector<std::string>& left) {
  const bool by = dice_.chance(0.65);
  std::vector<std::string> named = dice_.some_of(labels, 0.5);
  left.clear();
  for (const std::string& label : labels) {
    const bool is_named = std::ranges::find(named, label) != named.end();
    if (is_named == by) {
      left.push_back(label);
    }
  }
  if (dice_.chance(0.05)) {
    named.push_back(dice_.one_of({"nothing", "__name__", "le"}));
  }
  return (by ? "by " : "without ") + list(named);
}

Grammar::Shaped Grammar::aggregate_over(const std::string& clause, Shaped inner) {
  std::vector<Piece> pieces;
  const std::string name =
      dice_.one_of({"sum", "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk",
                    "bottomk", "quantile", "count_values"});
  std::vector<Piece> arguments = {text("(")};
  if (name == "topk" || name == "bottomk") {
    arguments.push_back(text(dice_.one_of({"1", "2", "3", "5", "0", "1e3", "-1", "2.7"}) + ", "));
  } else if (name == "quantile") {
    arguments.push_back(
        text(dice_.one_of({"0", "0.1", "0.5", "0.9", "1", "-1", "1.5", "NaN"}) + ", "));
  } else if (name == "count_values") {
    arguments.push_back(text(quoted(dice_.one_of({"value", "job", "le"})) + ", "));
  }
  arguments.push_back(within(inner.node));
  arguments.push_back(text(")"));
  pieces.push_back(text(name));
  const bool in_front = dice_.chance(0.7);
  if (in_front && !clause.empty()) {
    pieces.push_back(option(" " + clause + " "));
  }
  pieces.insert(pieces.end(), arguments.begin(), arguments.end());
  if (!in_front && !clause.empty()) {
    pieces.push_back(option(" " + clause));
  }
  return {make_node(NodeType::kVector, std::move(pieces)), inner.labels};
}

Grammar::Shaped Grammar::aggregation(int depth) {
  Shaped inner = vector(depth - 1);
  std::vector<std::string> left;
  std::string clause;
  if (dice_.chance(0.75)) {
    clause = grouping(inner.labels, left);
  }
  Shaped made = aggregate_over(clause, std::move(inner));
  made.labels = std::move(left);
  return made;
}

}  // namespace tocsin::differential
