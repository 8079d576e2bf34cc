#include <unordered_map>
#include <utility>

#include "promql/operators.h"
#include "promql/step_context.h"

/// Functions that see whole vectors: their arguments are kept and they are called at each step.
namespace tocsin::promql {
namespace {

using base::Result;
using base::Status;

/// The arguments of a call at any step.
class Arguments {
 public:
  Arguments(Run& run, const PlanNode& node) : run_(run), node_(node), context_(run, node) {}

  /// `vector`: the columns of the vector argument, or null.
  Status read(std::shared_ptr<const Block> vector) {
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
      const NodeId id = node_.inputs[i];
      Argument& argument = list_.emplace_back();
      const PlanNode& input = run_.node(id);
      argument.type = input.expr->type;
      switch (argument.type) {
        case ValueType::kScalar: {
          auto values = run_.scalars(id);
          if (!values) {
            return values.error();
          }
          argument.scalars = *values;
          break;
        }
        case ValueType::kString:
          argument.text = std::get<StringLiteral>(input.expr->node).value;
          break;
        case ValueType::kMatrix:
          if (auto status = context_.keep_range(i); !status) {
            return status;
          }
          break;
        case ValueType::kVector: {
          if (vector) {
            argument.block = std::move(vector);
            break;
          }
          auto block = run_.collect(id, node_.frame);
          if (!block) {
            return block.error();
          }
          argument.block = std::move(*block);
          break;
        }
      }
    }
    return {};
  }

  Result<Operand> call(std::size_t step) {
    CallFrame frame{
        context_, std::get<Call>(node_.expr->node), *node_.expr, run_.grid(node_)[step], {}};
    for (const Argument& argument : list_) {
      frame.arguments.push_back(operand(argument, step));
    }
    return std::get<GeneralFunction>(frame.call.function->run)(frame);
  }

 private:
  struct Argument {
    ValueType type = ValueType::kScalar;
    Scalars scalars;
    std::string text;
    std::shared_ptr<const Block> block;
  };

  static Operand operand(const Argument& argument, std::size_t step) {
    switch (argument.type) {
      case ValueType::kScalar:
        return argument.scalars[step];
      case ValueType::kString:
        return argument.text;
      case ValueType::kMatrix:
        return Ranges{};
      case ValueType::kVector:
        break;
    }
    const Block& block = *argument.block;
    Elements elements;
    for (std::size_t row = 0; row < block.rows(); ++row) {
      if (is_present(block.values(row)[step])) {
        Number number = block.at(row, step);
        elements.push_back(
            {block.labels(row), number.value, block.drop_name(row), std::move(number.histogram)});
      }
    }
    return elements;
  }

  Run& run_;
  const PlanNode& node_;
  StepContext context_;
  std::vector<Argument> list_;
};

/// The vectors of ascending steps as columns, series in the order in which they appear.
class Collector {
 public:
  Collector(std::size_t steps, Budget& budget) : block_(std::make_shared<Block>(steps, budget)) {}

  Status add(std::size_t step, Elements elements) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const std::size_t row = row_of(elements[i], i);
      block_->set(row, step, elements[i].number());
      if (i < last_.size()) {
        last_[i] = row;
      } else {
        last_.push_back(row);
      }
    }
    return block_->charge(elements.size());
  }

  std::shared_ptr<const Block> take() { return std::move(block_); }

 private:
  std::size_t row_of(Element& element, std::size_t position) {
    // Most steps have the series of the step before, in the same order.
    if (position < last_.size() && block_->labels(last_[position]) == element.labels) {
      return last_[position];
    }
    const auto [place, fresh] = rows_.try_emplace(element.labels, block_->rows());
    return fresh ? block_->add(std::move(element.labels), element.drop_name) : place->second;
  }

  std::shared_ptr<Block> block_;
  std::vector<std::size_t> last_;
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> rows_;
};

}  // namespace

Result<StreamPtr> open_stepwise(Run& run, const PlanNode& node,
                                std::shared_ptr<const Block> vector) {
  Arguments arguments(run, node);
  if (auto status = arguments.read(std::move(vector)); !status) {
    return status.error();
  }
  const std::size_t steps = run.grid(node).size();
  Collector collector(steps, run.budget());
  for (std::size_t i = 0; i < steps; ++i) {
    auto value = arguments.call(i);
    if (!value) {
      return value.error();
    }
    auto& elements = std::get<Elements>(*value);
    if (auto status = run.budget().spend(elements.size()); !status) {
      return status.error();
    }
    if (auto status = collector.add(i, std::move(elements)); !status) {
      return status.error();
    }
  }
  return run.stream_of(collector.take());
}

Result<std::vector<double>> scalar_stepwise(Run& run, const PlanNode& node) {
  Arguments arguments(run, node);
  if (auto status = arguments.read(nullptr); !status) {
    return status.error();
  }
  std::vector<double> values(run.grid(node).size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto value = arguments.call(i);
    if (!value) {
      return value.error();
    }
    values[i] = std::get<double>(*value);
  }
  return values;
}

}  // namespace tocsin::promql
