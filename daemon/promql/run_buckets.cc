#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/buckets.h"
#include "promql/histogram_notices.h"
#include "promql/operators.h"
#include "promql/signature.h"

/// histogram_quantile of classic histograms: which series are buckets of which histogram is found
/// once, not at each step.
namespace tocsin::promql {
namespace {

using base::Result;

constexpr std::string_view kBucketLabel = "le";

/// The rows of a block that are buckets of one histogram.
struct ClassicHistogram {
  struct Row {
    double bound;
    std::size_t row;
  };
  model::Labels labels;  // with the metric name
  std::vector<Row> rows;
};

// Nothing when there is anything else than classic histograms: then each step is looked at.
std::optional<std::vector<ClassicHistogram>> classic_histograms(const Block& block) {
  std::vector<ClassicHistogram> list;
  Signature signature(false, {std::string(kBucketLabel)}, false);
  for (std::size_t row = 0; row < block.rows(); ++row) {
    const model::Labels& labels = block.labels(row);
    const auto bound = base::parse_number(labels.get(kBucketLabel));
    if (!bound || block.has_histograms(row)) {
      return std::nullopt;
    }
    const Signature::Id id = signature.id_with(labels, false, labels.metric_name());
    if (id == list.size()) {
      list.push_back({model::LabelsBuilder(labels).remove(kBucketLabel).build(), {}});
    }
    list[id].rows.push_back({*bound, row});
  }
  for (ClassicHistogram& histogram : list) {
    std::ranges::stable_sort(histogram.rows, {}, &ClassicHistogram::Row::bound);
  }
  return list;
}

class QuantileStream final : public Stream {
 public:
  QuantileStream(Run& run, const PlanNode& node, std::shared_ptr<const Block> block,
                 std::vector<ClassicHistogram> histograms, Scalars q)
      : run_(run),
        where_(std::get<Call>(node.expr->node).arguments[1]->span),
        block_(std::move(block)),
        histograms_(std::move(histograms)),
        q_(q) {}

  Result<bool> next(Column& column) override {
    if (next_ == histograms_.size()) {
      return false;
    }
    ClassicHistogram& histogram = histograms_[next_++];
    if (auto status = run_.budget().spend(block_->steps() * histogram.rows.size()); !status) {
      return status.error();
    }
    column.reset(block_->steps());
    column.drop_name = true;
    bool forced = false;
    for (std::size_t i = 0; i < block_->steps(); ++i) {
      buckets_.clear();
      for (const ClassicHistogram::Row& row : histogram.rows) {
        const double count = block_->values(row.row)[i];
        if (is_present(count)) {
          buckets_.push_back({row.bound, count});
        }
      }
      if (!buckets_.empty()) {
        const BucketQuantile estimate = bucket_quantile(q_[i], buckets_);
        forced = forced || estimate.forced;
        column.values[i] = estimate.value;
      }
    }
    if (forced) {
      note_forced(run_.notes(), where_, "histogram_quantile", histogram.labels.metric_name());
    }
    column.labels = std::move(histogram.labels);
    return true;
  }

 private:
  Run& run_;
  Span where_;
  std::shared_ptr<const Block> block_;
  std::vector<ClassicHistogram> histograms_;
  Scalars q_;
  std::vector<Bucket> buckets_;
  std::size_t next_ = 0;
};

}  // namespace

Result<StreamPtr> open_quantile(Run& run, const PlanNode& node) {
  const auto q = run.scalars(node.inputs[0]);
  if (!q) {
    return q.error();
  }
  auto block = run.collect(node.inputs[1], node.frame);
  if (!block) {
    return block.error();
  }
  auto histograms = classic_histograms(**block);
  if (!histograms) {
    return open_stepwise(run, node, std::move(*block));
  }
  for (const double value : q->values) {
    warn_quantile(run.notes(), std::get<Call>(node.expr->node).arguments[0]->span, value);
  }
  return run.checked(node, std::make_unique<QuantileStream>(run, node, std::move(*block),
                                                            std::move(*histograms), *q));
}

}  // namespace tocsin::promql
