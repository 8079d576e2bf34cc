#include "promql/plan.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "promql/functions.h"
#include "promql/plan_parts.h"
#include "promql/reach.h"

namespace tocsin::promql {

namespace {

// Whether the result is a number of its own and no longer the metric that went in.
bool drops_name(const Binary& binary) {
  return binary.return_bool ||
         (!is_comparison(binary.op) && !is_set_operator(binary.op) && !is_trim(binary.op));
}

bool passes_elements_on(AggregateOp op) {
  return op == AggregateOp::kTopk || op == AggregateOp::kBottomk || op == AggregateOp::kLimitk ||
         op == AggregateOp::kLimitRatio;
}

}  // namespace

/// Makes the plan of one tree.
class Planner {
 public:
  Plan run(const Expr& root) {
    plan_.frames_ = {PlanFrame{}, PlanFrame{}};
    plan_.root_ = visit(root, kQueryFrame);
    plan_.nodes_[plan_.root_].times_written = 1;
    for (std::size_t id = plan_.nodes_.size(); id > 0; --id) {
      for (const NodeId input : plan_.nodes_[id - 1].inputs) {
        plan_.nodes_[input].times_written += plan_.nodes_[id - 1].times_written;
      }
    }
    return std::move(plan_);
  }

 private:
  // The node of an expression that is wanted at the steps of a frame.
  NodeId visit(const Expr& written, FrameId frame) {
    const bool above = tell_resets_;
    tell_resets_ = tells_resets(without_pluses(written), above);
    const NodeId id = node_of(written, frame);
    tell_resets_ = above;
    return id;
  }

  NodeId node_of(const Expr& written, FrameId frame) {
    const Expr& expr = without_pluses(written);
    if (is_fixed(expr)) {
      frame = kFixedFrame;
    }
    std::string key = (tell_resets_ ? "r" : "") + key_of(expr, frame);
    if (const auto known = known_.find(key); known != known_.end()) {
      use_again(known->second, expr);
      return known->second;
    }
    PlanNode node;
    node.expr = &expr;
    node.frame = frame;
    node.times_written = 0;
    if (const auto number = constant_of(expr)) {
      node.kind = NodeKind::kNumber;
      node.number = *number;
    } else {
      std::visit([&](const auto& part) { fill(node, part); }, expr.node);
    }
    plan_.nodes_.push_back(std::move(node));
    const auto id = static_cast<NodeId>(plan_.nodes_.size() - 1);
    known_.emplace(std::move(key), id);
    return id;
  }

  void use_again(NodeId id, const Expr& expr) {
    PlanNode& node = plan_.nodes_[id];
    ++node.uses;
    if (node.kind == NodeKind::kSubquery) {
      ++plan_.nodes_[node.inputs.front()].uses;
    }
    repeat(*node.expr, expr);
  }

  // Both print the same, so they have the same shape.
  void repeat(const Expr& first, const Expr& other) {
    const auto [begin, end] = plan_.repeated_.equal_range(first.span.begin);
    if (std::none_of(begin, end,
                     [&](const auto& pair) { return pair.second == other.span.begin; })) {
      plan_.repeated_.emplace(first.span.begin, other.span.begin);
    }
    std::vector<const Expr*> children;
    for_each_child(first, [&](const Expr& child) { children.push_back(&child); });
    std::size_t next = 0;
    for_each_child(other, [&](const Expr& child) { repeat(*children[next++], child); });
  }

  bool is_fixed(const Expr& expr) {
    const auto [known, fresh] = fixed_.try_emplace(&expr, false);
    if (fresh) {
      const bool fixed =
          std::visit([&](const auto& part) { return is_fixed_node(expr, part); }, expr.node);
      fixed_[&expr] = fixed;
      return fixed;
    }
    return known->second;
  }

  template <class Node>
  bool is_fixed_node(const Expr& expr, const Node& node) {
    if constexpr (std::is_same_v<Node, Selector> || std::is_same_v<Node, Subquery>) {
      return node.shift.anchor != TimeShift::Anchor::kEvaluation;
    } else if constexpr (std::is_same_v<Node, Call>) {
      if (node.function->uses_time) {
        return false;
      }
      if (node.arguments.empty()) {
        return node.function->constant_value.has_value();
      }
    }
    bool fixed = true;
    for_each_child(expr, [&](const Expr& child) { fixed = fixed && is_fixed(child); });
    return fixed;
  }

  NodeId input(PlanNode& node, const Expr& expr) {
    const NodeId id = visit(expr, node.frame);
    node.inputs.push_back(id);
    return id;
  }

  // Takes over what is known of the labels, less the metric name.
  void drop_names(PlanNode& node, const PlanNode& inner) {
    node.names = Names::kNone;
    node.check_labels = inner.names == Names::kMany;
    node.check_kinds = inner.names == Names::kOne;
    node.may_split = inner.may_split || node.check_labels;
  }
  static void keep_names(PlanNode& node, const PlanNode& inner) {
    node.names = inner.names;
    node.may_split = inner.may_split;
  }

  void fill(PlanNode& node, const NumberLiteral&) { node.kind = NodeKind::kNumber; }
  void fill(PlanNode& node, const StringLiteral&) { node.kind = NodeKind::kText; }
  void fill(PlanNode& node, const Paren& paren) { input(node, *paren.inner); }

  void fill(PlanNode& node, const Selector& selector) {
    node.kind = selector.range_ms ? NodeKind::kRange : NodeKind::kInstant;
    node.selection = select(selector, node.frame);
    node.tell_resets = tell_resets_;
    node.names = selector.pinned_name.empty() ? Names::kMany : Names::kOne;
  }

  std::size_t select(const Selector& selector, FrameId frame) {
    const auto [known, fresh] =
        selections_.try_emplace(selection_key(selector, frame), plan_.selections_.size());
    if (fresh) {
      plan_.selections_.push_back({{}, frame});
    }
    plan_.selections_[known->second].selectors.push_back(&selector);
    return known->second;
  }

  void fill(PlanNode& node, const Subquery& subquery) {
    node.kind = NodeKind::kSubquery;
    node.inner_frame = static_cast<FrameId>(plan_.frames_.size());
    plan_.frames_.push_back({node.frame, &subquery});
    const NodeId inner = visit(*subquery.inner, node.inner_frame);
    node.inputs.push_back(inner);
    node.names = plan_.nodes_[inner].names;
  }

  void fill(PlanNode& node, const Call& call) {
    const Function& function = *call.function;
    if (function.form == Form::kTimestamp && fill_timestamps(node, call)) {
      return;
    }
    for (const ExprPtr& argument : call.arguments) {
      input(node, *argument);
    }
    node.kind = kind_of(function, node.expr->type);
    switch (node.kind) {
      case NodeKind::kRangeCall:
      case NodeKind::kElementCall:
      case NodeKind::kHistogramCall:
      case NodeKind::kEstimate: {
        const PlanNode* vector = vector_input(node);
        if (vector != nullptr && function.keeps_name) {
          keep_names(node, *vector);
        } else if (vector != nullptr) {
          drop_names(node, *vector);
        }
        break;
      }
      case NodeKind::kRelabel:
        node.names = Names::kMany;
        node.may_split = true;
        node.check_labels = true;
        break;
      case NodeKind::kStepwise:
        node.names = Names::kMany;
        break;
      default:
        break;
    }
  }

  static NodeKind kind_of(const Function& function, ValueType result) {
    if (std::holds_alternative<RangeFunction>(function.run)) {
      return NodeKind::kRangeCall;
    }
    if (std::holds_alternative<ElementFunction>(function.run)) {
      return NodeKind::kElementCall;
    }
    if (std::holds_alternative<HistogramFunction>(function.run)) {
      return NodeKind::kHistogramCall;
    }
    switch (function.form) {
      case Form::kTime:
        return NodeKind::kTime;
      case Form::kScalar:
        return NodeKind::kScalarOf;
      case Form::kVector:
        return NodeKind::kVectorOf;
      case Form::kAbsent:
        return NodeKind::kAbsent;
      case Form::kEstimate:
        return NodeKind::kEstimate;
      case Form::kRelabel:
        return NodeKind::kRelabel;
      default:
        return result == ValueType::kScalar ? NodeKind::kScalarStepwise : NodeKind::kStepwise;
    }
  }

  const PlanNode* vector_input(const PlanNode& node) const {
    for (const NodeId id : node.inputs) {
      const ValueType type = plan_.nodes_[id].expr->type;
      if (type == ValueType::kVector || type == ValueType::kMatrix) {
        return &plan_.nodes_[id];
      }
    }
    return nullptr;
  }

  // timestamp(selector) reads the times of the samples instead of their values.
  bool fill_timestamps(PlanNode& node, const Call& call) {
    const Expr& argument = without_parens(*call.arguments.front());
    const auto* selector = std::get_if<Selector>(&argument.node);
    if (selector == nullptr) {
      return false;
    }
    node.kind = NodeKind::kTimestamps;
    if (is_fixed(argument)) {
      node.frame = kFixedFrame;
    }
    node.selection = select(*selector, node.frame);
    PlanNode names;
    names.names = selector->pinned_name.empty() ? Names::kMany : Names::kOne;
    drop_names(node, names);
    return true;
  }

  void fill(PlanNode& node, const Aggregation& aggregation) {
    node.kind = NodeKind::kAggregate;
    if (aggregation.parameter) {
      input(node, *aggregation.parameter);
    }
    const PlanNode& inner = plan_.nodes_[input(node, *aggregation.inner)];
    if (passes_elements_on(aggregation.op)) {
      keep_names(node, inner);
    } else if (aggregation.op == AggregateOp::kCountValues) {
      node.names = Names::kMany;
      node.may_split = true;
    } else if (!aggregation.without && inner.names != Names::kNone) {
      const bool by_name =
          std::ranges::find(aggregation.labels, model::kMetricName) != aggregation.labels.end();
      node.names = by_name ? inner.names : Names::kNone;
    }
  }

  void fill(PlanNode& node, const Unary& unary) {
    const NodeId id = input(node, *unary.inner);
    if (node.expr->type == ValueType::kScalar) {
      node.kind = NodeKind::kScalarNegate;
      return;
    }
    node.kind = NodeKind::kNegate;
    drop_names(node, plan_.nodes_[id]);
  }

  void fill(PlanNode& node, const Binary& binary) {
    const NodeId left_id = input(node, *binary.left);
    const NodeId right_id = input(node, *binary.right);
    const PlanNode& left = plan_.nodes_[left_id];
    const PlanNode& right = plan_.nodes_[right_id];
    const bool left_scalar = binary.left->type == ValueType::kScalar;
    const bool right_scalar = binary.right->type == ValueType::kScalar;
    if (left_scalar && right_scalar) {
      node.kind = NodeKind::kScalarBinary;
    } else if (left_scalar || right_scalar) {
      node.kind = NodeKind::kWithScalar;
      const PlanNode& vector = left_scalar ? right : left;
      if (drops_name(binary)) {
        drop_names(node, vector);
      } else {
        keep_names(node, vector);
      }
    } else if (is_set_operator(binary.op)) {
      node.kind = NodeKind::kSet;
      keep_names(node, left);
      if (binary.op == BinaryOp::kOr) {
        node.may_split = true;
        node.check_labels = true;
        const bool none = left.names == Names::kNone && right.names == Names::kNone;
        node.names = none ? Names::kNone : Names::kMany;
      }
    } else {
      node.kind = NodeKind::kJoin;
      node.may_split = true;
      node.check_kinds = drops_name(binary);
      const auto& include = binary.matching.include;
      const bool copies_name = std::ranges::find(include, model::kMetricName) != include.end();
      node.names = drops_name(binary) && !copies_name ? Names::kNone : Names::kMany;
    }
  }

  Plan plan_;
  bool tell_resets_ = false;
  std::unordered_map<std::string, NodeId> known_;
  std::unordered_map<std::string, std::size_t> selections_;
  std::unordered_map<const Expr*, bool> fixed_;
};

Plan make_plan(const Expr& root) { return Planner().run(root); }

}  // namespace tocsin::promql
