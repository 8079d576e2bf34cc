#pragma once

#include <string>
#include <vector>

#include "integration/promql_differential/dice.h"
#include "integration/promql_differential/metrics.h"
#include "integration/promql_differential/node.h"

namespace tocsin::differential {

/// Makes expressions that are well typed, of everything that both Prometheus 2.42 and 3 know.
/// Mostly they also mean something: counters under rate(), buckets under histogram_quantile(),
/// joins over labels that both sides have. README.md says what is left out and why.
class Grammar {
 public:
  Grammar(Dice& dice, const TimeFrame& frame) : dice_(dice), frame_(frame) {}

  /// A whole query. A range vector only when `instant`.
  NodePtr query(bool instant);

 private:
  /// An instant vector and the labels that its elements may have.
  struct Shaped {
    NodePtr node;
    std::vector<std::string> labels;
  };

  // grammar.cc
  NodePtr scalar(int depth);
  Shaped vector(int depth);
  Shaped aggregation(int depth);
  Shaped aggregate_over(const std::string& clause, Shaped inner);
  std::string grouping(const std::vector<std::string>& labels, std::vector<std::string>& left);

  // grammar_binary.cc
  Shaped binary(int depth);
  Shaped with_scalar(int depth);
  Shaped one_to_one(int depth);
  Shaped one_to_many(int depth);
  Shaped set_operation(int depth);
  Shaped any_match(int depth);
  Shaped joined(Shaped left, const std::string& matching, Shaped right);
  std::vector<Piece> infix(NodePtr left, std::vector<Piece> between, NodePtr right);
  std::vector<Piece> binary_operator();

  // grammar_functions.cc
  Shaped function(int depth);
  Shaped over_range(int depth);
  Shaped elementwise(int depth);
  Shaped labelled(int depth);
  Shaped quantile(int depth);
  Shaped histogram(int depth);

  // grammar_selectors.cc
  const Metric& metric(bool counters);
  Shaped selector();
  Shaped range_of(int depth, bool counters);
  std::vector<Piece> matchers(const Metric& of);
  std::vector<Piece> modifiers();
  std::string duration();
  std::string at();
  std::string number();
  std::string quoted(const std::string& text);

  Dice& dice_;
  const TimeFrame& frame_;
  int subqueries_ = 0;  ///< that are around the expression being made
};

}  // namespace tocsin::differential
