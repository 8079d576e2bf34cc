#include <algorithm>

#include "base/text.h"
#include "integration/promql_differential/grammar.h"

// Operators between vectors, and between vectors and scalars.

namespace tocsin::differential {
namespace {

std::string list(const std::vector<std::string>& names) {
  return "(" + base::join(names, ", ") + ")";
}

}  // namespace

std::vector<Piece> Grammar::infix(NodePtr left, std::vector<Piece> between, NodePtr right) {
  // Without parentheses precedence decides, which is worth asking too.
  const bool parentheses = dice_.chance(0.75);
  std::vector<Piece> pieces;
  if (parentheses) {
    pieces.push_back(text("("));
  }
  pieces.push_back(within(std::move(left)));
  pieces.push_back(text(" "));
  pieces.insert(pieces.end(), between.begin(), between.end());
  pieces.push_back(text(" "));
  pieces.push_back(within(std::move(right)));
  if (parentheses) {
    pieces.push_back(text(")"));
  }
  return pieces;
}

std::vector<Piece> Grammar::binary_operator() {
  if (dice_.chance(0.6)) {
    return {text(dice_.one_of({"+", "-", "*", "/", "%", "^", "atan2", "/", "*"}))};
  }
  std::vector<Piece> pieces = {text(dice_.one_of({"==", "!=", "<", ">", "<=", ">="}))};
  if (dice_.chance(0.4)) {
    pieces.push_back(option(" bool"));
  }
  return pieces;
}

Grammar::Shaped Grammar::binary(int depth) {
  const std::size_t choice = dice_.below(100);
  if (choice < 32) {
    return with_scalar(depth);
  }
  if (choice < 57) {
    return one_to_one(depth);
  }
  if (choice < 75) {
    return one_to_many(depth);
  }
  return choice < 92 ? set_operation(depth) : any_match(depth);
}

Grammar::Shaped Grammar::with_scalar(int depth) {
  Shaped inner = vector(depth - 1);
  const NodePtr number = scalar(depth - 2);
  const std::vector<Piece> sign = binary_operator();
  std::vector<Piece> pieces =
      dice_.chance(0.7) ? infix(inner.node, sign, number) : infix(number, sign, inner.node);
  return {make_node(NodeType::kVector, std::move(pieces)), inner.labels};
}

Grammar::Shaped Grammar::joined(Shaped left, const std::string& matching, Shaped right) {
  std::vector<Piece> between = binary_operator();
  if (!matching.empty()) {
    between.push_back(option(" " + matching));
  }
  return {make_node(NodeType::kVector, infix(left.node, std::move(between), right.node)),
          left.labels};
}

// Both sides aggregated by the same labels, or the same series on both sides.
Grammar::Shaped Grammar::one_to_one(int depth) {
  if (dice_.chance(0.3)) {
    Shaped left = vector(depth - 1);
    Shaped right = left;
    if (dice_.chance(0.5)) {
      right.node = make_node(
          NodeType::kVector,
          {text(dice_.one_of({"abs(", "floor(", "(1 + ", "-("})), within(left.node), text(")")});
    }
    const std::string matching = dice_.chance(0.3) ? "on " + list(left.labels) : "";
    return joined(left, matching, right);
  }
  Shaped left = vector(depth - 2);
  Shaped right = vector(depth - 2);
  std::vector<std::string> common;
  for (const std::string& label : left.labels) {
    if (std::ranges::find(right.labels, label) != right.labels.end() && dice_.chance(0.8)) {
      common.push_back(label);
    }
  }
  left = aggregate_over("by " + list(common), std::move(left));
  right = aggregate_over("by " + list(common), std::move(right));
  left.labels = common;
  const std::string matching = dice_.chance(0.4)   ? "on " + list(common)
                               : dice_.chance(0.2) ? "ignoring (nothing)"
                                                   : "";
  return joined(std::move(left), matching, std::move(right));
}

Grammar::Shaped Grammar::one_to_many(int depth) {
  Shaped many = vector(depth - 2);
  Shaped one = vector(depth - 2);
  std::vector<std::string> common;
  std::vector<std::string> extra;
  for (const std::string& label : one.labels) {
    const bool shared = std::ranges::find(many.labels, label) != many.labels.end();
    (shared ? common : extra).push_back(label);
  }
  if (dice_.chance(0.3) && !common.empty()) {
    common.pop_back();
  }
  std::vector<std::string> grouped = common;
  std::vector<std::string> taken = dice_.some_of(extra, 0.5);
  grouped.insert(grouped.end(), taken.begin(), taken.end());
  if (dice_.chance(0.7)) {
    one = aggregate_over("by " + list(grouped), std::move(one));
  }
  const bool left = dice_.chance(0.6);
  const std::string matching =
      "on " + list(common) + (left ? " group_left " : " group_right ") + list(taken);
  return left ? joined(std::move(many), matching, std::move(one))
              : joined(std::move(one), matching, std::move(many));
}

Grammar::Shaped Grammar::set_operation(int depth) {
  Shaped left = vector(depth - 1);
  Shaped right = vector(depth - 1);
  std::vector<Piece> between = {text(dice_.one_of({"and", "or", "unless"}))};
  if (dice_.chance(0.6)) {
    const std::vector<std::string> labels = dice_.some_of(left.labels, 0.5);
    between.push_back(option((dice_.chance(0.6) ? " on " : " ignoring ") + list(labels)));
  }
  return {make_node(NodeType::kVector, infix(left.node, std::move(between), right.node)),
          left.labels};
}

// Whatever comes: errors of matching have to be the same.
Grammar::Shaped Grammar::any_match(int depth) {
  Shaped left = vector(depth - 1);
  Shaped right = vector(depth - 1);
  std::vector<std::string> labels = dice_.some_of(left.labels, 0.5);
  if (dice_.chance(0.1)) {
    labels.emplace_back("__name__");
  }
  std::string matching = (dice_.chance(0.6) ? "on " : "ignoring ") + list(labels);
  if (dice_.chance(0.5)) {
    matching +=
        dice_.one_of({" group_left ", " group_right "}) + list(dice_.some_of(right.labels, 0.2));
  }
  return joined(std::move(left), matching, std::move(right));
}

}  // namespace tocsin::differential
