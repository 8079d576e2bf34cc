#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/aggregate_groups.h"
#include "promql/operators.h"

/// topk, bottomk, limitk and count_values: aggregations whose result has other series
/// than one for each group.
namespace tocsin::promql {
namespace {

using base::Result;
using base::Status;

base::Error failed(std::string message) {
  return {base::ErrorCode::kInvalidInput, std::move(message)};
}

/// A parameter that counts, at each step.
Result<std::vector<std::int64_t>> limits_of(const Scalars& scalars, std::size_t steps) {
  std::vector<std::int64_t> limits(steps);
  for (std::size_t i = 0; i < steps; ++i) {
    const double number = scalars[i];
    if (std::isnan(number)) {
      return failed("Parameter value is NaN");
    }
    if (std::fabs(number) >= 9.2233720368547758e18) {
      return failed("Scalar value " + base::format_number_short(number) +
                    (number > 0 ? " overflows int64" : " underflows int64"));
    }
    limits[i] = static_cast<std::int64_t>(number);
  }
  return limits;
}

// Whether `a` comes before `b` in the result; NaN is always last.
bool before(double a, double b, bool descending) {
  if (std::isnan(a)) {
    return false;
  }
  return std::isnan(b) || (descending ? a > b : a < b);
}

/// Keeps the best values of each group and step.
class Best {
 public:
  Best(Run& run, const PlanNode& node, std::vector<std::int64_t> limits)
      : run_(run),
        aggregation_(std::get<Aggregation>(node.expr->node)),
        descending_(aggregation_.op == AggregateOp::kTopk),
        limits_(std::move(limits)),
        groups_(run, aggregation_),
        charge_(run.budget()) {}

  Status fold(Stream& inner) {
    return each_column(run_, inner, [this](Column& column) {
      run_.settle(column);
      return add(column);
    });
  }

  std::shared_ptr<const Block> take() {
    auto block = std::make_shared<Block>(limits_.size(), run_.budget());
    block->charge(std::move(charge_));
    if (limits_.size() == 1) {
      take_in_order(*block);
    } else {
      take_by_series(*block);
    }
    return block;
  }

 private:
  struct Entry {
    double value;
    std::size_t row;
  };
  using Heap = std::vector<Entry>;
  struct Series {
    model::Labels labels;
    bool drop_name;
  };

  bool worse_last(const Entry& a, const Entry& b) const {
    return before(a.value, b.value, descending_);
  }

  Status add(const Column& column) {
    const std::size_t group = groups_.of(column);
    heaps_.resize(groups_.size() * limits_.size());
    Notes notes;
    bool kept = false;
    std::size_t grown = 0;
    for (std::size_t i = 0; i < limits_.size(); ++i) {
      if (!is_present(column.values[i]) || limits_[i] < 1) {
        continue;
      }
      if (column.has_histogram(i)) {
        notes.add(Note::kIgnoredInAggregation);
        continue;
      }
      Heap& heap = heaps_[group * limits_.size() + i];
      const std::size_t size = heap.size();
      kept = keep(heap, {column.values[i], series_.size()}, limits_[i]) || kept;
      grown += heap.size() - size;
    }
    if (kept) {
      series_.push_back({column.labels, column.drop_name});
    }
    if (!notes.empty()) {
      annotate(run_.notes(), notes, aggregation_.inner->span,
               {column.labels.metric_name(), to_string(aggregation_.op)});
    }
    return charge_.take(grown);
  }

  // The front of the heap is the worst value that was kept. Of equal values the first one stays.
  bool keep(Heap& heap, Entry entry, std::int64_t limit) const {
    const auto order = [this](const Entry& a, const Entry& b) { return worse_last(a, b); };
    if (static_cast<std::int64_t>(heap.size()) < limit) {
      heap.push_back(entry);
      std::ranges::push_heap(heap, order);
      return true;
    }
    if (!before(entry.value, heap.front().value, descending_)) {
      return false;
    }
    std::ranges::pop_heap(heap, order);
    heap.back() = entry;
    std::ranges::push_heap(heap, order);
    return true;
  }

  // Instant queries show the best first.
  void take_in_order(Block& block) {
    for (Heap& heap : heaps_) {
      std::ranges::stable_sort(heap,
                               [this](const Entry& a, const Entry& b) { return worse_last(a, b); });
      for (const Entry& entry : heap) {
        const Series& series = series_[entry.row];
        block.set(block.add(series.labels, series.drop_name), 0, entry.value);
      }
    }
  }

  void take_by_series(Block& block) {
    constexpr std::size_t kUnused = static_cast<std::size_t>(-1);
    std::vector<std::size_t> rows(series_.size(), kUnused);
    for (std::size_t cell = 0; cell < heaps_.size(); ++cell) {
      for (const Entry& entry : heaps_[cell]) {
        rows[entry.row] = 0;
      }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kUnused) {
        rows[i] = block.add(series_[i].labels, series_[i].drop_name);
      }
    }
    for (std::size_t cell = 0; cell < heaps_.size(); ++cell) {
      for (const Entry& entry : heaps_[cell]) {
        block.set(rows[entry.row], cell % limits_.size(), entry.value);
      }
    }
  }

  Run& run_;
  const Aggregation& aggregation_;
  bool descending_;
  std::vector<std::int64_t> limits_;  // by step
  Groups groups_;
  std::vector<Series> series_;  // those of which some value was kept at a time
  std::vector<Heap> heaps_;     // by group and step
  Charge charge_;
};

/// Counts how often each value stands in each group.
class ValueCounts {
 public:
  ValueCounts(Run& run, const PlanNode& node, const std::string& label)
      : run_(run),
        aggregation_(std::get<Aggregation>(node.expr->node)),
        label_(label),
        signature_(!aggregation_.without, grouping_labels(aggregation_), false),
        block_(std::make_shared<Block>(run.grid(node).size(), run.budget())) {}

  Status fold(Stream& inner) {
    return each_column(run_, inner, [this](const Column& column) -> Status {
      const std::size_t rows = block_->rows();
      for (std::size_t i = 0; i < block_->steps(); ++i) {
        if (!is_present(column.values[i])) {
          continue;
        }
        const std::size_t row = row_of(column, i);
        const double count = block_->values(row)[i];
        block_->set(row, i, is_present(count) ? count + 1 : 1);
      }
      return block_->charge((block_->rows() - rows) * block_->steps());
    });
  }

  std::shared_ptr<const Block> take() { return std::move(block_); }

 private:
  std::size_t row_of(const Column& column, std::size_t step) {
    const bool gone = run_.name_gone(column.drop_name);
    const std::string printed = column.has_histogram(step)
                                    ? model::to_string(*column.histograms[step])
                                    : base::format_number(column.values[step]);
    const Signature::Id id = signature_.id_with(column.labels, gone, printed);
    if (id < rows_.size()) {
      return rows_[id];
    }
    // The value takes its label's place before anything is grouped: `by` always keeps that label,
    // `without` may name it.
    model::LabelsBuilder builder(signature_.labels_of(column.labels, gone));
    if (!aggregation_.without || signature_.keeps(label_)) {
      builder.set(label_, printed);
    }
    model::Labels labels = builder.build();
    const auto [place, fresh] = by_labels_.try_emplace(labels, block_->rows());
    if (fresh) {
      block_->add(std::move(labels), column.drop_name && !gone);
    }
    rows_.push_back(place->second);
    return place->second;
  }

  Run& run_;
  const Aggregation& aggregation_;
  const std::string& label_;
  Signature signature_;
  std::shared_ptr<Block> block_;
  std::vector<std::size_t> rows_;  // by id of the signature
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> by_labels_;
};

/// limitk: the first elements of each group.
class FirstStream final : public Stream {
 public:
  FirstStream(Run& run, const PlanNode& node, StreamPtr inner, std::vector<std::int64_t> limits)
      : groups_(run, std::get<Aggregation>(node.expr->node)),
        inner_(std::move(inner)),
        limits_(std::move(limits)) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    const std::size_t first = groups_.of(column) * limits_.size();
    taken_.resize(groups_.size() * limits_.size());
    for (std::size_t i = 0; i < limits_.size(); ++i) {
      if (is_present(column.values[i]) && ++taken_[first + i] > limits_[i]) {
        column.erase(i);
      }
    }
    return more;
  }

 private:
  Groups groups_;
  StreamPtr inner_;
  std::vector<std::int64_t> limits_;  // by step
  std::vector<std::int64_t> taken_;   // by group and step
};

}  // namespace

Result<StreamPtr> open_picked(Run& run, const PlanNode& node, StreamPtr inner) {
  const auto scalars = run.scalars(node.inputs.front());
  if (!scalars) {
    return scalars.error();
  }
  if (std::get<Aggregation>(node.expr->node).op == AggregateOp::kLimitRatio) {
    return open_ratio(run, node, std::move(inner), *scalars);
  }
  auto limits = limits_of(*scalars, run.grid(node).size());
  if (!limits) {
    return limits.error();
  }
  return StreamPtr(std::make_unique<FirstStream>(run, node, std::move(inner), std::move(*limits)));
}

Result<StreamPtr> open_best(Run& run, const PlanNode& node, Stream& inner) {
  const auto scalars = run.scalars(node.inputs.front());
  if (!scalars) {
    return scalars.error();
  }
  auto limits = limits_of(*scalars, run.grid(node).size());
  if (!limits) {
    return limits.error();
  }
  Best best(run, node, std::move(*limits));
  if (auto status = best.fold(inner); !status) {
    return status.error();
  }
  return Run::stream_of(best.take());
}

Result<StreamPtr> open_count_values(Run& run, const PlanNode& node, Stream& inner) {
  const auto& label = std::get<StringLiteral>(run.node(node.inputs.front()).expr->node).value;
  if (label.empty() || !base::is_valid_utf8(label)) {
    return failed("invalid label name " + base::quote(label));
  }
  ValueCounts counts(run, node, label);
  if (auto status = counts.fold(inner); !status) {
    return status.error();
  }
  return Run::stream_of(counts.take());
}

}  // namespace tocsin::promql
