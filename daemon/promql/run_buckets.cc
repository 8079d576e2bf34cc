#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/buckets.h"
#include "promql/functions.h"
#include "promql/histogram_notices.h"
#include "promql/operators.h"
#include "promql/signature.h"

/// histogram_quantile and histogram_fraction of classic histograms: which series are buckets of
/// which histogram is found once, not at each step.
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

// The bounds that labels name. Series of a store share the texts of their labels, so that few
// different ones have to be read as numbers.
class Bounds {
 public:
  std::optional<double> of(const model::Labels& labels) {
    for (const model::Label& label : labels) {
      if (label.name.view() != kBucketLabel) {
        continue;
      }
      const auto [known, fresh] = known_.try_emplace(label.value.address());
      if (fresh) {
        known->second = base::parse_number(label.value.view());
      }
      return known->second;
    }
    return std::nullopt;
  }

 private:
  boost::unordered_flat_map<const void*, std::optional<double>> known_;
};

bool differ_in_bound_only(const model::Labels& a, const model::Labels& b) {
  return std::ranges::equal(a, b, [](const model::Label& x, const model::Label& y) {
    return x.name == y.name && (x.value == y.value || x.name.view() == kBucketLabel);
  });
}

// Nothing when there is anything else than classic histograms: then each step is looked at.
std::optional<std::vector<ClassicHistogram>> classic_histograms(const Block& block) {
  std::vector<ClassicHistogram> list;
  Signature signature(false, {std::string(kBucketLabel)}, false);
  Bounds bounds;
  Signature::Id id = 0;
  for (std::size_t row = 0; row < block.rows(); ++row) {
    const model::Labels& labels = block.labels(row);
    const auto bound = bounds.of(labels);
    if (!bound || block.has_histograms(row)) {
      return std::nullopt;
    }
    // Often the buckets of one histogram come one after the other.
    if (row == 0 || !differ_in_bound_only(block.labels(row - 1), labels)) {
      id = signature.id_with(labels, false, labels.metric_name());
    }
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

class EstimateStream final : public Stream {
 public:
  /// `parameters`: q, or the lower and the upper bound of a fraction.
  EstimateStream(Run& run, const PlanNode& node, std::shared_ptr<const Block> block,
                 std::vector<ClassicHistogram> histograms, std::vector<Scalars> parameters)
      : run_(run),
        call_(std::get<Call>(node.expr->node)),
        block_(std::move(block)),
        histograms_(std::move(histograms)),
        parameters_(std::move(parameters)) {}

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
        const BucketQuantile estimate =
            parameters_.size() == 1
                ? bucket_quantile(parameters_[0][i], buckets_)
                : bucket_fraction(parameters_[0][i], parameters_[1][i], buckets_);
        forced = forced || estimate.forced;
        column.values[i] = estimate.value;
      }
    }
    if (forced) {
      note_forced(run_.notes(), call_.arguments.back()->span, call_.function->name,
                  histogram.labels.metric_name());
    }
    column.labels = std::move(histogram.labels);
    return true;
  }

 private:
  Run& run_;
  const Call& call_;
  std::shared_ptr<const Block> block_;
  std::vector<ClassicHistogram> histograms_;
  std::vector<Scalars> parameters_;
  std::vector<Bucket> buckets_;
  std::size_t next_ = 0;
};

}  // namespace

Result<StreamPtr> open_estimate(Run& run, const PlanNode& node) {
  std::vector<Scalars> parameters;
  for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i) {
    const auto values = run.scalars(node.inputs[i]);
    if (!values) {
      return values.error();
    }
    parameters.push_back(*values);
  }
  auto block = run.collect(node.inputs.back(), node.frame);
  if (!block) {
    return block.error();
  }
  auto histograms = classic_histograms(**block);
  if (!histograms) {
    return open_stepwise(run, node, std::move(*block));
  }
  if (parameters.size() == 1) {
    for (const double value : parameters[0].values) {
      warn_quantile(run.notes(), std::get<Call>(node.expr->node).arguments[0]->span, value);
    }
  }
  return run.checked(
      node, std::make_unique<EstimateStream>(run, node, std::move(*block), std::move(*histograms),
                                             std::move(parameters)));
}

}  // namespace tocsin::promql
