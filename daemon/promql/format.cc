#include <cmath>
#include <string>

#include "base/duration.h"
#include "base/text.h"
#include "promql/ast.h"
#include "promql/functions.h"

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

class Printer {
 public:
  std::string take() { return std::move(out_); }

  void print(const Expr& expr) {
    std::visit([this](const auto& node) { write(node); }, expr.node);
  }

 private:
  void write(const NumberLiteral& number) {
    if (number.duration) {
      out_ += duration(std::llround(number.value * 1000));
    } else {
      out_ += base::format_number_short(number.value);
    }
  }

  void write(const StringLiteral& text) { out_ += base::quote(text.value); }

  void write(const Selector& selector) {
    const bool plain = model::is_legacy_metric_name(selector.name);
    std::string inner;
    if (plain) {
      out_ += selector.name;
    } else if (!selector.name.empty()) {
      inner = base::quote(selector.name);
    }
    for (const model::Matcher& matcher : selector.matchers) {
      const bool is_name = matcher.name() == model::kMetricName &&
                           matcher.kind() == model::MatchKind::kEqual &&
                           matcher.value() == selector.name;
      if (!is_name || selector.name.empty()) {
        inner += inner.empty() ? "" : ",";
        inner += matcher.to_string();
      }
    }
    if (!inner.empty() || selector.name.empty()) {
      out_ += "{" + inner + "}";
    }
    if (selector.range_ms) {
      out_ += "[" + duration(*selector.range_ms) + "]";
    }
    write_shift(selector.shift);
  }

  void write(const Subquery& subquery) {
    print(*subquery.inner);
    out_ += "[" + duration(subquery.range_ms) + ":";
    if (subquery.step_ms) {
      out_ += duration(*subquery.step_ms);
    }
    out_ += "]";
    write_shift(subquery.shift);
  }

  void write_shift(const TimeShift& shift) {
    switch (shift.anchor) {
      case TimeShift::Anchor::kTime: {
        const bool minus = shift.at_ms < 0;
        const std::string digits = std::to_string(std::llabs(shift.at_ms) % 1000 + 1000);
        out_ += std::string(" @ ") + (minus ? "-" : "") +
                std::to_string(std::llabs(shift.at_ms) / 1000) + "." + digits.substr(1);
        break;
      }
      case TimeShift::Anchor::kStart:
        out_ += " @ start()";
        break;
      case TimeShift::Anchor::kEnd:
        out_ += " @ end()";
        break;
      case TimeShift::Anchor::kEvaluation:
        break;
    }
    if (shift.offset_ms != 0) {
      out_ += " offset " + duration(shift.offset_ms);
    }
  }

  void write(const Call& call) {
    out_ += call.function->name;
    out_ += "(";
    for (const ExprPtr& argument : call.arguments) {
      out_ += &argument == &call.arguments.front() ? "" : ", ";
      print(*argument);
    }
    out_ += ")";
  }

  void write(const Aggregation& aggregation) {
    out_ += to_string(aggregation.op);
    if (aggregation.without) {
      out_ += " without " + label_names(aggregation.labels) + " ";
    } else if (!aggregation.labels.empty()) {
      out_ += " by " + label_names(aggregation.labels) + " ";
    }
    out_ += "(";
    if (aggregation.parameter) {
      print(*aggregation.parameter);
      out_ += ", ";
    }
    print(*aggregation.inner);
    out_ += ")";
  }

  void write(const Binary& binary) {
    print(*binary.left);
    out_ += " " + std::string(to_string(binary.op));
    out_ += binary.return_bool ? " bool" : "";
    const VectorMatching& matching = binary.matching;
    if (matching.on || !matching.labels.empty()) {
      out_ += (matching.on ? " on " : " ignoring ") + label_names(matching.labels);
    }
    const bool left = matching.cardinality == Cardinality::kManyToOne;
    if (left || matching.cardinality == Cardinality::kOneToMany) {
      if (!matching.on && matching.labels.empty()) {
        out_ += " ignoring ()";  // the grammar wants it before group_left
      }
      out_ += (left ? " group_left " : " group_right ") + label_names(matching.include);
    }
    out_ += " ";
    print(*binary.right);
  }

  void write(const Unary& unary) {
    out_ += unary.minus ? "-" : "+";
    print(*unary.inner);
  }

  void write(const Paren& paren) {
    out_ += "(";
    print(*paren.inner);
    out_ += ")";
  }

  std::string out_;
};

}  // namespace

std::string format(const Expr& expr) {
  Printer printer;
  printer.print(expr);
  return printer.take();
}

}  // namespace tocsin::promql
