#include <utility>

#include "promql/arithmetic.h"
#include "promql/call_frame.h"
#include "promql/operators.h"

/// Operators that change each value, or each series' labels, by itself.
namespace tocsin::promql {
namespace {

using base::Result;

class ElementStream final : public Stream {
 public:
  ElementStream(Run& run, const PlanNode& node, StreamPtr inner, std::vector<Scalars> scalars)
      : run_(run),
        function_(*std::get<Call>(node.expr->node).function),
        evaluate_(std::get<ElementFunction>(function_.run)),
        inner_(std::move(inner)),
        scalars_(std::move(scalars)),
        parameters_(scalars_.size()) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    if (auto status = run_.budget().spend(column.values.size()); !status) {
      return status.error();
    }
    column.drop_name = column.drop_name || !function_.keeps_name;
    for (std::size_t i = 0; i < column.values.size(); ++i) {
      if (column.has_histogram(i)) {
        column.erase(i);
      }
      if (!is_present(column.values[i])) {
        continue;
      }
      for (std::size_t p = 0; p < scalars_.size(); ++p) {
        parameters_[p] = scalars_[p][i];
      }
      column.values[i] = evaluate_(column.values[i], parameters_);
    }
    column.histograms.clear();
    return true;
  }

 private:
  Run& run_;
  const Function& function_;
  ElementFunction evaluate_;
  StreamPtr inner_;
  std::vector<Scalars> scalars_;
  std::vector<double> parameters_;
};

/// The evaluation times, for functions of time without an argument.
class TimeStream final : public Stream {
 public:
  explicit TimeStream(const Grid& steps) : steps_(steps) {}

  Result<bool> next(Column& column) override {
    if (done_) {
      return false;
    }
    done_ = true;
    column.reset(steps_.size());
    column.labels = {};
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      column.values[i] = static_cast<double>(steps_[i]) / 1000.0;
    }
    return true;
  }

 private:
  const Grid& steps_;
  bool done_ = false;
};

class HistogramStream final : public Stream {
 public:
  HistogramStream(const PlanNode& node, StreamPtr inner)
      : evaluate_(std::get<HistogramFunction>(std::get<Call>(node.expr->node).function->run)),
        inner_(std::move(inner)) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    column.drop_name = true;
    for (std::size_t i = 0; i < column.values.size(); ++i) {
      column.values[i] =
          column.has_histogram(i) ? evaluate_(*column.histograms[i]) : absent_value();
    }
    column.histograms.clear();
    return true;
  }

 private:
  HistogramFunction evaluate_;
  StreamPtr inner_;
};

class NegateStream final : public Stream {
 public:
  explicit NegateStream(StreamPtr inner) : inner_(std::move(inner)) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    column.drop_name = true;
    for (std::size_t i = 0; i < column.values.size(); ++i) {
      if (is_present(column.values[i])) {
        column.set(i, negated(column.at(i)));
      }
    }
    return true;
  }

 private:
  StreamPtr inner_;
};

/// Vector and scalar.
class WithScalarStream final : public Stream {
 public:
  WithScalarStream(Run& run, const PlanNode& node, StreamPtr inner, Scalars scalars)
      : run_(run),
        expr_(*node.expr),
        binary_(std::get<Binary>(node.expr->node)),
        scalar_left_(binary_.left->type == ValueType::kScalar),
        filter_(filters(binary_)),
        trims_(is_trim(binary_.op)),
        inner_(std::move(inner)),
        scalars_(scalars) {}

  static bool filters(const Binary& binary) {
    return is_comparison(binary.op) && !binary.return_bool;
  }

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    if (auto status = run_.budget().spend(column.values.size()); !status) {
      return status.error();
    }
    column.drop_name = column.drop_name || (!filter_ && !trims_);
    Notes notes;
    for (std::size_t i = 0; i < column.values.size(); ++i) {
      double& value = column.values[i];
      if (!is_present(value)) {
        continue;
      }
      if (column.histograms.empty() && !trims_) {
        const double result = scalar_left_ ? apply(binary_.op, scalars_[i], value)
                                           : apply(binary_.op, value, scalars_[i]);
        if (!filter_) {
          value = result;
        } else if (result == 0) {
          value = absent_value();
        }
        continue;
      }
      number(column, i, notes);
    }
    if (!notes.empty()) {
      annotate(run_.notes(), notes, expr_.span,
               {column.labels.metric_name(), to_string(binary_.op)});
    }
    return true;
  }

 private:
  void number(Column& column, std::size_t step, Notes& notes) {
    const Number scalar(scalars_[step]);
    auto result = scalar_left_ ? calculate(binary_.op, scalar, column.at(step), notes)
                               : calculate(binary_.op, column.at(step), scalar, notes);
    if (!result || (filter_ && result->value == 0)) {
      column.erase(step);
    } else if (!filter_) {
      column.set(step, std::move(*result));
    }
  }

  Run& run_;
  const Expr& expr_;
  const Binary& binary_;
  bool scalar_left_;
  bool filter_;
  bool trims_;  // of histograms only
  StreamPtr inner_;
  Scalars scalars_;
};

}  // namespace

bool ValueFilter::keeps(double value, std::size_t step) const {
  return (scalar_left ? apply(op, scalars[step], value) : apply(op, value, scalars[step])) != 0;
}

Result<StreamPtr> open_element_call(Run& run, const PlanNode& node) {
  std::vector<Scalars> scalars;
  StreamPtr inner;
  for (const NodeId id : node.inputs) {
    if (run.node(id).expr->type == ValueType::kScalar) {
      auto values = run.scalars(id);
      if (!values) {
        return values.error();
      }
      scalars.push_back(*values);
      continue;
    }
    auto opened = run.open(id, node.frame);
    if (!opened) {
      return opened.error();
    }
    inner = std::move(*opened);
  }
  if (!inner) {
    inner = std::make_unique<TimeStream>(run.grid(node));
  }
  return run.checked(
      node, std::make_unique<ElementStream>(run, node, std::move(inner), std::move(scalars)));
}

Result<StreamPtr> open_histogram_call(Run& run, const PlanNode& node) {
  auto inner = run.open(node.inputs.front(), node.frame);
  if (!inner) {
    return inner.error();
  }
  return run.checked(node, std::make_unique<HistogramStream>(node, std::move(*inner)));
}

Result<StreamPtr> open_negate(Run& run, const PlanNode& node) {
  auto inner = run.open(node.inputs.front(), node.frame);
  if (!inner) {
    return inner.error();
  }
  return run.checked(node, std::make_unique<NegateStream>(std::move(*inner)));
}

Result<StreamPtr> open_with_scalar(Run& run, const PlanNode& node) {
  const auto& binary = std::get<Binary>(node.expr->node);
  const bool left = binary.left->type == ValueType::kScalar;
  const auto scalars = run.scalars(left ? node.inputs[0] : node.inputs[1]);
  if (!scalars) {
    return scalars.error();
  }
  const NodeId vector = left ? node.inputs[1] : node.inputs[0];
  const PlanNode& selected = run.node(vector);
  // Most thresholds stand right behind a selector, and few series cross them: what does not is
  // left out where it is read.
  const bool early = WithScalarStream::filters(binary) && selected.kind == NodeKind::kInstant &&
                     selected.uses == 1 && selected.frame == node.frame && !run.grid(node).empty();
  const ValueFilter filter{binary.op, left, *scalars};
  auto inner = early ? open_instant(run, selected, &filter) : run.open(vector, node.frame);
  if (!inner) {
    return inner.error();
  }
  return run.checked(node,
                     std::make_unique<WithScalarStream>(run, node, std::move(*inner), *scalars));
}

}  // namespace tocsin::promql
