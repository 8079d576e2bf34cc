#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "promql/functions.h"
#include "promql/printer.h"

/// Canonical PromQL on several lines, by the rules of Prometheus' formatter: an expression that is
/// longer than a line puts its parts on lines of their own, one level deeper.
/// https://github.com/prometheus/prometheus/blob/main/promql/parser/prettier_rules.md
namespace tocsin::promql {
namespace {

constexpr std::size_t kMaxLine = 100;

class PrettyPrinter {
 public:
  explicit PrettyPrinter(const Expr& root) : flat_(root) {}

  // Level 0 continues the present line; others begin with their indentation.
  std::string print(const Expr& expr, std::size_t level) {
    if (const auto* unary = std::get_if<Unary>(&expr.node)) {
      const std::string inner = print(*unary->inner, level);
      return indent(level) + (unary->minus ? "-" : "+") + std::string(base::trim(inner));
    }
    const auto* subquery = std::get_if<Subquery>(&expr.node);
    const std::string_view flat = flat_.text_of(expr);
    if (flat.size() <= kMaxLine) {
      // Prometheus does not indent these.
      return (subquery != nullptr ? std::string() : indent(level)) + std::string(flat);
    }
    if (subquery != nullptr) {
      return print(*subquery->inner, level) + suffix_of(*subquery);
    }
    if (const auto* call = std::get_if<Call>(&expr.node)) {
      return print(*call, level);
    }
    if (const auto* aggregation = std::get_if<Aggregation>(&expr.node)) {
      return print(*aggregation, level);
    }
    if (const auto* binary = std::get_if<Binary>(&expr.node)) {
      return print(*binary->left, level + 1) + "\n" + indent(level) + operator_of(*binary) + "\n" +
             print(*binary->right, level + 1);
    }
    if (const auto* paren = std::get_if<Paren>(&expr.node)) {
      return block("(", print(*paren->inner, level + 1), level);
    }
    return indent(level) + std::string(flat);
  }

 private:
  static std::string indent(std::size_t level) { return std::string(2 * level, ' '); }

  static std::string block(std::string head, const std::string& body, std::size_t level) {
    return indent(level) + std::move(head) + "\n" + body + "\n" + indent(level) + ")";
  }

  std::string print(const Call& call, std::size_t level) {
    std::string body;
    for (const ExprPtr& argument : written_arguments(call)) {
      body += body.empty() ? "" : ",\n";
      body += print(*argument, level + 1);
    }
    return block(std::string(call.function->name) + "(", body, level);
  }

  std::string print(const Aggregation& aggregation, std::size_t level) {
    std::string body;
    if (aggregation.parameter) {
      body = print(*aggregation.parameter, level + 1) + ",\n";
    }
    return block(head_of(aggregation) + "(", body + print(*aggregation.inner, level + 1), level);
  }

  Printer flat_;
};

}  // namespace

std::string pretty(const Expr& expr) { return PrettyPrinter(expr).print(expr, 0); }

}  // namespace tocsin::promql
