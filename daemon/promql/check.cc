#include "promql/check.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "promql/functions.h"
#include "promql/lexer.h"

namespace tocsin::promql {
namespace {

using base::Status;

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  Status run(const Expr& expr) {
    return std::visit([&](const auto& node) { return check(expr, node); }, expr.node);
  }

 private:
  base::Error fail(const Expr& expr, const std::string& message) const {
    return syntax_error(text_, expr.span.begin, message);
  }

  Status expect(const Expr& expr, ValueType wanted, const std::string& where) {
    if (auto status = run(expr); !status) {
      return status;
    }
    if (expr.type != wanted) {
      return fail(expr, "expected type " + std::string(describe(wanted)) + " in " + where +
                            ", got " + std::string(describe(expr.type)));
    }
    return {};
  }

  Status check(const Expr&, const NumberLiteral&) { return {}; }
  Status check(const Expr&, const StringLiteral&) { return {}; }
  Status check(const Expr&, const Selector&) { return {}; }
  Status check(const Expr&, const Paren& paren) { return run(*paren.inner); }

  Status check(const Expr& expr, const Subquery& subquery) {
    if (auto status = run(*subquery.inner); !status) {
      return status;
    }
    if (subquery.inner->type != ValueType::kVector) {
      return fail(expr, "subquery is only allowed on instant vector, got " +
                            std::string(to_string(subquery.inner->type)) + " instead");
    }
    return {};
  }

  Status check(const Expr& expr, const Unary& unary) {
    if (auto status = run(*unary.inner); !status) {
      return status;
    }
    if (unary.inner->type != ValueType::kScalar && unary.inner->type != ValueType::kVector) {
      return fail(expr,
                  "unary expression only allowed on expressions of type scalar or instant vector, "
                  "got " +
                      base::quote(describe(unary.inner->type)));
    }
    return {};
  }

  Status check(const Expr& expr, const Call& call) {
    const Function& function = *call.function;
    const std::string name = base::quote(function.name);
    const std::size_t given = call.arguments.size();
    const std::size_t least = function.min_arguments();
    const auto most = function.max_arguments();
    const auto count = [&](std::string_view how, std::size_t number) {
      return fail(expr, "expected " + std::string(how) + std::to_string(number) +
                            " argument(s) in call to " + name + ", got " + std::to_string(given));
    };
    if (most == least && given != least) {
      return count("", least);
    }
    if (given < least) {
      return count("at least ", least);
    }
    if (most && given > *most) {
      return count("at most ", *most);
    }
    for (std::size_t i = 0; i < given; ++i) {
      auto status =
          expect(*call.arguments[i], function.argument_type(i), "call to function " + name);
      if (!status) {
        return status;
      }
    }
    return {};
  }

  Status check(const Expr&, const Aggregation& aggregation) {
    if (auto status = expect(*aggregation.inner, ValueType::kVector, "aggregation expression");
        !status) {
      return status;
    }
    if (!aggregation.parameter) {
      return {};
    }
    const bool text = aggregation.op == AggregateOp::kCountValues;
    return expect(*aggregation.parameter, text ? ValueType::kString : ValueType::kScalar,
                  "aggregation parameter");
  }

  Status check(const Expr& expr, const Binary& binary) {
    for (const Expr* side : {binary.left.get(), binary.right.get()}) {
      if (auto status = run(*side); !status) {
        return status;
      }
      if (side->type != ValueType::kScalar && side->type != ValueType::kVector) {
        return fail(*side, "binary expression must contain only scalar and instant vector types");
      }
    }
    if (binary.return_bool && !is_comparison(binary.op)) {
      return fail(expr, "bool modifier can only be used on comparison operators");
    }
    const bool left_scalar = binary.left->type == ValueType::kScalar;
    const bool right_scalar = binary.right->type == ValueType::kScalar;
    if (left_scalar && right_scalar && is_comparison(binary.op) && !binary.return_bool) {
      return fail(expr, "comparisons between scalars must use BOOL modifier");
    }
    if (left_scalar || right_scalar) {
      if (is_set_operator(binary.op)) {
        return fail(expr, "set operator " + base::quote(to_string(binary.op)) +
                              " not allowed in binary scalar expression");
      }
      if (binary.matching.written && !binary.matching.labels.empty()) {
        return fail(expr, "vector matching only allowed between instant vectors");
      }
      if (binary.matching.fills()) {
        return fail(expr, "filling in missing series only allowed between instant vectors");
      }
    }
    if (is_set_operator(binary.op) && binary.matching.fills()) {
      return fail(expr, "filling in missing series not allowed for set operators");
    }
    if (binary.matching.on) {
      for (const std::string& label : binary.matching.labels) {
        if (std::ranges::find(binary.matching.include, label) != binary.matching.include.end()) {
          return fail(expr, "label " + base::quote(label) +
                                " must not occur in ON and GROUP clause at once");
        }
      }
    }
    return {};
  }

  std::string_view text_;
};

}  // namespace

Status check(const Expr& expr, std::string_view text) { return Checker(text).run(expr); }

}  // namespace tocsin::promql
