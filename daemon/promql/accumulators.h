#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "model/histogram.h"
#include "model/histogram_algebra.h"
#include "promql/ast.h"
#include "promql/notes.h"
#include "promql/number.h"
#include "promql/numeric.h"

/// What aggregation operators keep of one group while its elements go by. Each takes floats and
/// histograms in any order and then gives one number, or none when the two do not go together.
namespace tocsin::promql {

/// The sum or mean of histograms.
class HistogramFold {
 public:
  explicit HistogramFold(bool mean) : mean_(mean) {}

  void add(const model::Histogram& histogram, Notes& notes);
  bool empty() const { return count_ == 0; }
  /// Nothing when standard and custom buckets met.
  std::optional<model::Histogram> result(Notes& notes) const;

 private:
  model::Joining add_to_sum(const model::Histogram& histogram);
  model::Joining add_share(model::Histogram histogram);

  model::Histogram sum_;
  model::Histogram lost_;
  double count_ = 0;
  bool mean_;
  bool incremental_ = false;  // sum_ is the mean so far: the sum would not fit into a double
  bool incompatible_ = false;
  bool saw_reset_ = false;
  bool saw_no_reset_ = false;
};

/// Floats or histograms, which do not mix: with `Floats` a CompensatedSum or a Mean.
template <class Floats>
class MixedAccumulator {
 public:
  void add(double value) {
    has_floats_ = true;
    floats_.add(value);
  }
  void add(const model::Histogram& histogram, Notes& notes);
  std::optional<Number> result(Notes& notes) const;

 private:
  Floats floats_;
  bool has_floats_ = false;
  std::unique_ptr<HistogramFold> histograms_;
};

using SumAccumulator = MixedAccumulator<CompensatedSum>;
using MeanAccumulator = MixedAccumulator<Mean>;

/// The base of those that leave histograms out and say so.
class FloatAccumulator {
 public:
  static void add(const model::Histogram&, Notes& notes) { notes.add(Note::kIgnoredInAggregation); }

 protected:
  bool any_ = false;
};

/// min or max: NaN only when there is nothing else.
class ExtremeAccumulator : public FloatAccumulator {
 public:
  explicit ExtremeAccumulator(bool larger) : larger_(larger) {}
  using FloatAccumulator::add;
  void add(double value);
  std::optional<Number> result(Notes& notes) const;

 private:
  double extreme_ = 0;
  bool larger_;
};

class CountAccumulator {
 public:
  void add(double) { count_ += 1; }
  void add(const model::Histogram&, Notes&) { count_ += 1; }
  std::optional<Number> result(Notes&) const { return count_; }

 private:
  double count_ = 0;
};

class GroupAccumulator {
 public:
  static void add(double) {}
  static void add(const model::Histogram&, Notes&) {}
  static std::optional<Number> result(Notes&) { return 1.0; }
};

/// stdvar, or with `root` stddev.
class VarianceAccumulator : public FloatAccumulator {
 public:
  explicit VarianceAccumulator(bool root) : root_(root) {}
  using FloatAccumulator::add;
  void add(double value) {
    any_ = true;
    variance_.add(value);
  }
  std::optional<Number> result(Notes& notes) const;

 private:
  Variance variance_;
  bool root_;
};

class QuantileAccumulator : public FloatAccumulator {
 public:
  explicit QuantileAccumulator(double q) : q_(q) {}
  using FloatAccumulator::add;
  void add(double value) { values_.push_back(value); }
  std::optional<Number> result(Notes& notes);

 private:
  double q_;
  std::vector<double> values_;
};

/// Any of them, for those who do not know the operator beforehand.
class Accumulator {
 public:
  /// For the operators that give one number for each group; others count. `parameter`: of quantile.
  Accumulator(AggregateOp op, double parameter);

  void add(const Number& number, Notes& notes);
  /// Nothing when the group has no result. Call once.
  std::optional<Number> result(Notes& notes);

 private:
  std::variant<CountAccumulator, GroupAccumulator, SumAccumulator, MeanAccumulator,
               ExtremeAccumulator, VarianceAccumulator, QuantileAccumulator>
      state_;
};

}  // namespace tocsin::promql
