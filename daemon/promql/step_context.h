#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "promql/call_frame.h"
#include "promql/range_source.h"
#include "promql/run.h"

namespace tocsin::promql {

/// What a function that is called step by step, or series by series, sees of a run.
class StepContext final : public CallContext {
 public:
  StepContext(Run& run, const PlanNode& node) : run_(run), node_(node) {}

  /// Reads a range vector argument, so that each_range() can give it at each step.
  base::Status keep_range(std::size_t argument);

  base::Status each_range(const Expr& expr, std::int64_t time_ms, const OnRange& on_range) override;
  base::Status each_sample(const Selector& selector, std::int64_t time_ms,
                           const OnSample& on_sample) override;
  base::Status drop_names(Elements& elements, bool one_name, Names names) override;
  base::Status refuse_duplicates(const Elements& elements) const override;
  bool delayed() const override { return run_.delayed(); }
  Annotations& notes() override { return run_.notes(); }
  TimeSpan times() const override { return run_.times(); }
  Grouping& grouping(const void* node, bool keep, const std::vector<std::string>& labels) override;

 private:
  /// A range vector argument: all that its series hold.
  struct KeptRange {
    KeptRange(RangeShape s, Budget& budget) : shape(s), charge(budget) {}
    RangeShape shape;
    Charge charge;
    Ranges series;
    std::vector<RangeFeed> feeds;
    std::vector<RangeCursor> cursors;
  };

  Run& run_;
  const PlanNode& node_;
  std::unordered_map<const Expr*, std::unique_ptr<KeptRange>> ranges_;
  std::unordered_map<const void*, Grouping> groupings_;
};

}  // namespace tocsin::promql
