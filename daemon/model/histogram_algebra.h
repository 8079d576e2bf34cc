#pragma once

#include "model/histogram.h"

/// Arithmetic of native histograms. Results are histograms of the coarser resolution that both
/// sides can be brought to: standard schemas to the smaller one, zero buckets to the wider one,
/// custom buckets to the bounds that both have.
/// See https://prometheus.io/docs/specs/native_histograms/#promql.
namespace tocsin::model {

/// What happened on the way of an addition or subtraction.
struct Joining {
  bool incompatible = false;       ///< standard and custom buckets: nothing was changed
  bool resets_collide = false;     ///< "reset" met "not reset"
  bool bounds_reconciled = false;  ///< custom bounds differed
};

Joining add(Histogram& to, const Histogram& other);
Joining subtract(Histogram& from, const Histogram& other);

/// Adds with compensation (Neumaier's variant of Kahan's summation): `lost` collects what the
/// additions to `sum` rounded away. It starts as zero_like(sum) and keeps its layout.
Joining add_compensated(Histogram& sum, Histogram& lost, const Histogram& other);
/// The same buckets and bounds with nothing in them.
Histogram zero_like(const Histogram& histogram);

/// A negative factor leaves no counter: the result is a gauge.
void multiply(Histogram& histogram, double factor);
/// By zero, no bucket stays and the counts become NaN or infinite.
void divide(Histogram& histogram, double divisor);

/// Merges buckets to a smaller schema; nothing for the same one. Not for custom buckets.
void reduce_schema(Histogram& histogram, std::int32_t schema);
/// Widens the zero bucket to the threshold, or further to the end of the populated bucket that the
/// threshold is within. Returns the new threshold. A smaller one changes nothing.
double widen_zero_bucket(Histogram& histogram, double threshold);
/// Merges custom buckets to these bounds, which must be some of its own.
void reduce_bounds(Histogram& histogram, const std::vector<double>& bounds);
/// The bounds that both have.
std::vector<double> common_bounds(const std::vector<double>& a, const std::vector<double>& b);

/// Whether counting began again between two histograms of a series: the later one says so, or some
/// population fell or cannot be compared.
bool is_reset(const Histogram& later, const Histogram& earlier);

/// What a store knows about a histogram when it follows another one: gauges stay gauges, others
/// were reset or not. Nothing is known of the first one (`previous` null), and of one with another
/// layout that was not reset.
CounterReset hint_after(const Histogram& histogram, const Histogram* previous);

/// Whether a count, sum or population is infinite.
bool has_infinity(const Histogram& histogram);

}  // namespace tocsin::model
