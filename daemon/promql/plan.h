#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "promql/ast.h"

/// What is to be computed for a query, decided once from its checked tree: a graph in which equal
/// parts are one node, and parts that do not depend on the evaluation time stand apart. Immutable;
/// safe on any thread. It points into the tree, which has to outlive it.
namespace tocsin::promql {

using NodeId = std::uint32_t;
using FrameId = std::uint32_t;

/// Nodes of this frame have one value for the whole query, whatever the step.
inline constexpr FrameId kFixedFrame = 0;
/// Nodes of this frame are computed at the steps of the query.
inline constexpr FrameId kQueryFrame = 1;

/// How a node computes its values.
enum class NodeKind : std::uint8_t {
  // Scalars and strings.
  kNumber,
  kText,
  kTime,            ///< time()
  kScalarBinary,    ///< arithmetic of two scalars
  kScalarNegate,    ///< -scalar
  kScalarOf,        ///< scalar(v)
  kScalarStepwise,  ///< any other function that gives a scalar
  // Instant vectors.
  kInstant,      ///< the newest sample of each series
  kTimestamps,   ///< when those were taken
  kRangeCall,    ///< a function of each series of a range
  kElementCall,  ///< a function of each value
  kHistogramCall,
  kVectorOf,  ///< vector(scalar)
  kAbsent,
  kEstimate,  ///< of classic histograms
  kRelabel,   ///< a function of each series' labels
  kNegate,
  kAggregate,
  kWithScalar,  ///< operator between a vector and a scalar
  kJoin,        ///< operator between two vectors
  kSet,         ///< and, or, unless
  kStepwise,    ///< step by step on whole vectors: whatever has no form of its own
  // Range vectors: they are not computed by themselves but read by the node above.
  kRange,
  kSubquery,
};

/// What is known about metric names in the labels of a vector (without delayed name removal).
enum class Names : std::uint8_t { kNone, kOne, kMany };

struct PlanNode {
  NodeKind kind = NodeKind::kNumber;
  FrameId frame = kQueryFrame;
  const Expr* expr = nullptr;  ///< the first of the equal parts, without parentheses
  std::vector<NodeId> inputs;  ///< children in the order of the tree
  double number = 0;           ///< of kNumber
  std::size_t selection = 0;   ///< of kInstant, kTimestamps and kRange
  FrameId inner_frame = 0;     ///< of kSubquery: where its inner node is computed
  Names names = Names::kNone;
  /// Two columns may carry the same labels, though never at the same step.
  bool may_split = false;
  /// Dropping the metric name can make labels equal, so it has to be looked at.
  bool check_labels = false;
  /// The same where all have one name: only series that differ in type or unit, which go with the
  /// name, can become equal. Whether there are any shows when it runs.
  bool check_kinds = false;
  /// Of selectors: histograms tell where they were reset; see tells_resets() in reach.h.
  bool tell_resets = false;
  /// How many nodes read this one; from two on the values are kept.
  std::uint32_t uses = 1;
  /// How often this part stands in the query: what statistics count.
  std::uint32_t times_written = 1;
};

/// The steps of one subquery, or of the query itself.
struct PlanFrame {
  FrameId parent = kFixedFrame;
  const Subquery* subquery = nullptr;  ///< null for the first two frames
};

/// One list of series to pin. All its selectors have the same matchers and time shift.
struct PlanSelection {
  std::vector<const Selector*> selectors;
  FrameId frame = kQueryFrame;
};

class Plan {
 public:
  const PlanNode& node(NodeId id) const { return nodes_[id]; }
  const PlanNode& root() const { return nodes_[root_]; }
  NodeId root_id() const { return root_; }
  std::size_t size() const { return nodes_.size(); }
  const std::vector<PlanFrame>& frames() const { return frames_; }
  const std::vector<PlanSelection>& selections() const { return selections_; }
  /// Where else in the text the parts stand that were taken together, by the position of the
  /// first: notes about one are notes about all.
  const std::unordered_multimap<std::uint32_t, std::uint32_t>& repeated() const {
    return repeated_;
  }

 private:
  friend class Planner;
  std::vector<PlanNode> nodes_;
  std::vector<PlanFrame> frames_;
  std::vector<PlanSelection> selections_;
  std::unordered_multimap<std::uint32_t, std::uint32_t> repeated_;
  NodeId root_ = 0;
};

/// Plans a checked tree.
Plan make_plan(const Expr& root);

/// One line for each node, children before parents, as tests and people read it.
std::string describe(const Plan& plan);

}  // namespace tocsin::promql
