#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "promql/ast.h"

namespace tocsin::promql {

/// Prints a tree on one line and remembers where each expression stands in it, so that the pretty
/// printer can ask for lengths without printing again. Private to the printers.
class Printer {
 public:
  explicit Printer(const Expr& root) { print(root); }

  std::string take() { return std::move(out_); }
  /// The text of a node of the tree.
  std::string_view text_of(const Expr& expr) const {
    const auto [begin, end] = places_.at(&expr);
    return std::string_view(out_).substr(begin, end - begin);
  }

 private:
  void print(const Expr& expr);
  void write(const NumberLiteral& number);
  void write(const StringLiteral& text);
  void write(const Selector& selector);
  void write(const Subquery& subquery);
  void write(const Call& call);
  void write(const Aggregation& aggregation);
  void write(const Binary& binary);
  void write(const Unary& unary);
  void write(const Paren& paren);

  std::string out_;
  bool no_sign_ = false;  // of the number that comes next
  std::unordered_map<const Expr*, std::pair<std::size_t, std::size_t>> places_;
};

/// `sum by (job) `, what stands before the parenthesis.
std::string head_of(const Aggregation& aggregation);
/// `== bool on (job) group_left (team)`.
std::string operator_of(const Binary& binary);
/// `[1h:1m] @ end() offset 5m`.
std::string suffix_of(const Subquery& subquery);
/// The arguments that were written.
std::span<const ExprPtr> written_arguments(const Call& call);

}  // namespace tocsin::promql
