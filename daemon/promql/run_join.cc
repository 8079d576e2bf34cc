#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "promql/arithmetic.h"
#include "promql/call_frame.h"
#include "promql/operators.h"
#include "promql/signature.h"

/// Operators between two vectors. One side is kept, grouped by the labels that have to be equal;
/// the other streams by. "One" is the side whose elements have to be unique, "many" the other.
namespace tocsin::promql {
namespace {

using base::Result;
using base::Status;

base::Error failed(std::string message) {
  return {base::ErrorCode::kInvalidInput, std::move(message)};
}

/// The kept side.
class Ones {
 public:
  Ones(Run& run, const Binary& binary, std::size_t steps)
      : run_(run),
        signature_(binary.matching.on, binary.matching.labels, false),
        block_(steps, run.budget()),
        conflicts_(steps) {}

  Status read(Stream& stream) {
    return each_column(run_, stream, [this](const Column& column) -> Status {
      if (auto status = block_.charge(block_.steps()); !status) {
        return status;
      }
      add(column);
      return {};
    });
  }

  Signature::Id id_of(const Column& column) {
    return signature_.id(column.labels, run_.name_gone(column.drop_name));
  }
  /// The rows of a signature, which have no values at the same step unless it is in conflict.
  std::span<const std::size_t> rows(Signature::Id id) const {
    return id < rows_.size() ? std::span<const std::size_t>(rows_[id])
                             : std::span<const std::size_t>();
  }
  std::size_t signatures() const { return rows_.size(); }
  Signature::Id id_of_row(std::size_t row) const { return ids_[row]; }
  const Block& block() const { return block_; }
  const Signature& signature() const { return signature_; }

  /// Two rows of one signature with values at the same step.
  struct Conflict {
    std::size_t one;
    std::size_t other;
  };
  bool any_conflict() const { return any_conflict_; }
  const std::optional<Conflict>& conflict(std::size_t step) const { return conflicts_[step]; }

  model::Labels labels(std::size_t row) const {
    return run_.name_gone(block_.drop_name(row)) ? without_name(block_.labels(row))
                                                 : block_.labels(row);
  }

 private:
  void add(const Column& column) {
    const Signature::Id id = id_of(column);
    if (id >= rows_.size()) {
      rows_.resize(id + 1);
    }
    const std::size_t row = block_.add(column);
    for (const std::size_t earlier : rows_[id]) {
      const auto values = block_.values(earlier);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (is_present(values[i]) && is_present(column.values[i]) && !conflicts_[i]) {
          conflicts_[i] = Conflict{row, earlier};
          any_conflict_ = true;
        }
      }
    }
    rows_[id].push_back(row);
    ids_.push_back(id);
  }

  Run& run_;
  Signature signature_;
  Block block_;
  std::vector<std::vector<std::size_t>> rows_;  // by id
  std::vector<Signature::Id> ids_;              // by row
  std::vector<std::optional<Conflict>> conflicts_;
  bool any_conflict_ = false;
};

class JoinStream final : public Stream {
 public:
  JoinStream(Run& run, const PlanNode& node, StreamPtr many, Ones ones)
      : run_(run),
        expr_(*node.expr),
        binary_(std::get<Binary>(node.expr->node)),
        matching_(binary_.matching),
        swapped_(matching_.cardinality == Cardinality::kOneToMany),
        one_to_one_(matching_.cardinality == Cardinality::kOneToOne),
        filter_(is_comparison(binary_.op) && !binary_.return_bool),
        drops_name_(!filter_ && !is_trim(binary_.op)),
        many_stream_(std::move(many)),
        ones_(std::move(ones)),
        // As Prometheus has it: also with group_right, fill_left is that of the many side.
        fill_one_(matching_.fill_right),
        fill_many_(matching_.fill_left),
        matched_(one_to_one_ || fill_many_ ? ones_.signatures() * ones_.block().steps() : 0),
        results_(ones_.block().steps()) {}

  Result<bool> next(Column& column) override {
    while (next_row_ == rows_.size() && !fill_pending_) {
      const auto more = many_stream_->next(many_);
      if (!more) {
        return more;
      }
      if (!*more) {
        return next_lonely(column);
      }
      if (auto status = begin(); !status) {
        return status.error();
      }
    }
    column.reset(many_.values.size());
    if (next_row_ == rows_.size()) {
      label(column, ones_.signature().labels_of(many_.labels));
      fill(column);
    } else {
      label(column, ones_.labels(rows_[next_row_]));
      // Labels of results that come from the other side tell its rows apart.
      const std::size_t count = matching_.include.empty() ? rows_.size() : 1;
      for (std::size_t i = 0; i < count; ++i) {
        combine(rows_[next_row_++], column);
      }
      if (fill_pending_ && matching_.include.empty()) {
        fill(column);
      }
    }
    return finished(column);
  }

 private:
  Result<bool> finished(const Column& column) {
    if (!one_to_one_ && !results_.add(column.labels, column.values)) {
      return failed("multiple matches for labels: grouping labels must ensure unique matches");
    }
    return true;
  }

  // Where the one side has no element, fill_left or fill_right stands in for it.
  void fill(Column& column) {
    fill_pending_ = false;
    Notes notes;
    for (std::size_t i = 0; i < many_.values.size(); ++i) {
      const bool partner = std::ranges::any_of(
          rows_, [&](std::size_t row) { return is_present(ones_.block().values(row)[i]); });
      if (is_present(many_.values[i]) && !partner) {
        number(many_.at(i), Number(*fill_one_), i, column, notes);
      }
    }
    note(notes, many_.labels.metric_name());
  }

  // Elements of the one side that had no partner at some step, with fill_left or fill_right.
  Result<bool> next_lonely(Column& column) {
    const Block& block = ones_.block();
    while (fill_many_ && lonely_row_ < block.rows()) {
      const std::size_t row = lonely_row_++;
      const model::Labels one = ones_.labels(row);
      const Signature::Id id = ones_.id_of_row(row);
      many_.labels = ones_.signature().labels_of(one);
      many_.drop_name = drops_name_;
      column.reset(block.steps());
      label(column, one);
      Notes notes;
      bool any = false;
      for (std::size_t i = 0; i < block.steps(); ++i) {
        if (is_present(block.values(row)[i]) && matched_[id * block.steps() + i] == 0) {
          any = true;
          number(Number(*fill_many_), block.at(row, i), i, column, notes);
        }
      }
      if (any) {
        return finished(column);
      }
    }
    return false;
  }

  // Takes the next column of the many side.
  Status begin() {
    const std::size_t steps = many_.values.size();
    if (auto status = run_.budget().spend(steps); !status) {
      return status;
    }
    // By the name that the element came with, not by what becomes of it.
    const Signature::Id id = ones_.id_of(many_);
    if (drops_name_) {
      many_.drop_name = true;
    } else {
      run_.settle(many_);
    }
    if (ones_.any_conflict()) {
      for (std::size_t i = 0; i < steps; ++i) {
        if ((is_present(many_.values[i]) || matching_.fills()) && ones_.conflict(i)) {
          return duplicate(*ones_.conflict(i));
        }
      }
    }
    rows_ = ones_.rows(id);
    next_row_ = 0;
    fill_pending_ = fill_one_.has_value();
    return matched_.empty() ? Status() : match(id);
  }

  // At each step an element of the one side may have one partner.
  Status match(Signature::Id id) {
    const std::size_t steps = many_.values.size();
    for (const std::size_t row : rows_) {
      const auto values = ones_.block().values(row);
      for (std::size_t i = 0; i < steps; ++i) {
        if (!is_present(values[i]) || !is_present(many_.values[i])) {
          continue;
        }
        std::uint8_t& matched = matched_[id * steps + i];
        if (matched != 0 && one_to_one_) {
          return failed(
              "multiple matches for labels: many-to-one matching must be explicit "
              "(group_left/group_right)");
        }
        matched = 1;
      }
    }
    return {};
  }

  base::Error duplicate(const Ones::Conflict& conflict) const {
    const model::Labels one = ones_.labels(conflict.one);
    return failed("found duplicate series for the match group " +
                  ones_.signature().labels_of(one).to_string() + " on the " +
                  (swapped_ ? "left" : "right") + " hand-side of the operation: [" +
                  one.to_string() + ", " + ones_.labels(conflict.other).to_string() +
                  "];many-to-many matching not allowed: matching labels must be unique on one "
                  "side");
  }

  void combine(std::size_t row, Column& column) {
    const auto ones = ones_.block().values(row);
    const bool floats = many_.histograms.empty() && !ones_.block().has_histograms(row);
    Notes notes;
    for (std::size_t i = 0; i < ones.size(); ++i) {
      if (!is_present(ones[i]) || !is_present(many_.values[i])) {
        continue;
      }
      if (!floats || is_trim(binary_.op)) {
        number(many_.at(i), ones_.block().at(row, i), i, column, notes);
        continue;
      }
      const double left = swapped_ ? ones[i] : many_.values[i];
      const double right = swapped_ ? many_.values[i] : ones[i];
      const double result = apply(binary_.op, left, right);
      if (!filter_) {
        column.values[i] = result;
      } else if (result != 0) {
        column.values[i] = left;
      }
    }
    if (!notes.empty()) {
      note(notes, (swapped_ ? ones_.labels(row) : many_.labels).metric_name());
    }
  }

  void note(Notes notes, std::string_view metric) {
    if (!notes.empty()) {
      annotate(run_.notes(), notes, expr_.span, {metric, to_string(binary_.op)});
    }
  }

  void number(Number left, Number right, std::size_t step, Column& column, Notes& notes) const {
    if (swapped_) {
      std::swap(left, right);
    }
    auto result = calculate(binary_.op, left, right, notes);
    if (!result || (filter_ && result->value == 0)) {
      return;
    }
    column.set(step, filter_ ? std::move(left) : std::move(*result));
  }

  // The labels of a result: those of the many side, less what matching takes away, plus what
  // group_left or group_right copies from the other.
  void label(Column& column, const model::Labels& one) const {
    const bool gone = run_.name_gone(many_.drop_name);
    column.drop_name = many_.drop_name && run_.delayed();
    if (!one_to_one_) {
      column.labels = with_included(one, gone);
      for (const std::string& name : matching_.include) {
        column.drop_name = column.drop_name && name != model::kMetricName;
      }
    } else if (matching_.on || gone) {
      column.labels = ones_.signature().labels_of(many_.labels, gone);
    } else if (matching_.labels.empty()) {
      column.labels = many_.labels;
    } else {
      model::LabelsBuilder builder(many_.labels);
      for (const std::string& name : matching_.labels) {
        builder.remove(name);
      }
      column.labels = builder.build();
    }
  }

  model::Labels with_included(const model::Labels& one, bool gone) const {
    if (!gone && matching_.include.empty()) {
      return many_.labels;
    }
    model::LabelsBuilder builder(many_.labels);
    if (gone) {
      builder = model::LabelsBuilder(without_name(many_.labels));
    }
    for (const std::string& name : matching_.include) {
      builder.set(name, one.get(name));
    }
    return builder.build();
  }

  Run& run_;
  const Expr& expr_;
  const Binary& binary_;
  const VectorMatching& matching_;
  bool swapped_;  // the right side is "many"
  bool one_to_one_;
  bool filter_;
  bool drops_name_;
  StreamPtr many_stream_;
  Ones ones_;
  std::optional<double> fill_one_;
  std::optional<double> fill_many_;
  bool fill_pending_ = false;
  std::size_t lonely_row_ = 0;
  Column many_;
  std::span<const std::size_t> rows_;  // of the one side, for the present column
  std::size_t next_row_ = 0;
  std::vector<std::uint8_t> matched_;  // by signature and step
  LabelTurns results_;
};

}  // namespace

Result<StreamPtr> open_join(Run& run, const PlanNode& node) {
  const auto& binary = std::get<Binary>(node.expr->node);
  const bool swapped = binary.matching.cardinality == Cardinality::kOneToMany;
  auto many = run.open(node.inputs[swapped ? 1 : 0], node.frame);
  if (!many) {
    return many.error();
  }
  auto one = run.open(node.inputs[swapped ? 0 : 1], node.frame);
  if (!one) {
    return one.error();
  }
  Ones ones(run, binary, run.grid(node).size());
  if (auto status = ones.read(**one); !status) {
    return status.error();
  }
  return run.checked(node,
                     std::make_unique<JoinStream>(run, node, std::move(*many), std::move(ones)));
}

}  // namespace tocsin::promql
