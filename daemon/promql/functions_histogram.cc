#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/buckets.h"
#include "promql/call_frame.h"
#include "promql/functions.h"
#include "promql/signature.h"

/// Functions of histograms. Classic ones (series with `le`) are computed here; native histograms
/// have no samples yet, so functions that take only those give nothing.
namespace tocsin::promql {
namespace {

using base::Result;

constexpr std::string_view kBucketLabel = "le";

struct Histogram {
  model::Labels labels;  // without le and the metric name
  std::string metric;
  std::vector<Bucket> buckets;
  bool drop_name = false;
};

// The classic histograms of a vector in the order of their first buckets.
std::vector<Histogram> histograms_of(CallFrame& frame, std::size_t argument) {
  std::vector<Histogram> list;
  Grouping& grouping = frame.evaluator.grouping(&frame.call, false, {std::string(kBucketLabel)});
  grouping.places.clear();
  for (const Element& element : frame.vector(argument)) {
    const std::string_view bound_text = element.labels.get(kBucketLabel);
    const auto bound = base::parse_number(bound_text);
    if (!bound) {
      std::string message =
          "bucket label \"le\" is missing or has a malformed value of " + base::quote(bound_text);
      if (const auto metric = element.labels.metric_name(); !metric.empty()) {
        message += " for metric name " + base::quote(metric);
      }
      frame.evaluator.notes().warn(frame.call.arguments[argument]->span, message);
      continue;
    }
    // Buckets of different metrics are different histograms, also when the name is left out.
    const Signature::Id id =
        grouping.signature.id_with(element.labels, false, element.labels.metric_name());
    const auto [place, fresh] = grouping.places.try_emplace(id, list.size());
    if (fresh) {
      list.push_back({grouping.signature.labels_of(element.labels),
                      std::string(element.labels.metric_name()),
                      {},
                      element.drop_name});
    }
    list[place].buckets.push_back({*bound, element.value});
  }
  return list;
}

void note_forced(CallFrame& frame, std::size_t argument, std::string_view function,
                 const Histogram& histogram) {
  std::string message = "input to " + std::string(function) +
                        " needed to be fixed for monotonicity (see "
                        "https://prometheus.io/docs/prometheus/latest/querying/functions/#" +
                        std::string(function) + ")";
  message += " for metric name " + base::quote(histogram.metric);
  frame.evaluator.notes().info(frame.call.arguments[argument]->span, message);
}

Result<Operand> finish(CallFrame& frame, Elements result) {
  if (auto status = frame.evaluator.refuse_duplicates(result); !status) {
    return status.error();
  }
  return Operand(std::move(result));
}

Result<Operand> histogram_quantile(CallFrame& frame) {
  const double q = frame.scalar(0);
  if (!(q >= 0 && q <= 1)) {
    frame.evaluator.notes().warn(
        frame.call.arguments[0]->span,
        "quantile value should be between 0 and 1, got " + base::format_number_short(q));
  }
  Elements result;
  for (Histogram& histogram : histograms_of(frame, 1)) {
    const BucketQuantile quantile = bucket_quantile(q, std::move(histogram.buckets));
    if (quantile.forced) {
      note_forced(frame, 1, "histogram_quantile", histogram);
    }
    result.push_back({std::move(histogram.labels), quantile.value, false, nullptr});
  }
  return finish(frame, std::move(result));
}

Result<Operand> histogram_fraction(CallFrame& frame) {
  Elements result;
  for (Histogram& histogram : histograms_of(frame, 2)) {
    const BucketQuantile fraction =
        bucket_fraction(frame.scalar(0), frame.scalar(1), std::move(histogram.buckets));
    if (fraction.forced) {
      note_forced(frame, 2, "histogram_fraction", histogram);
    }
    result.push_back({std::move(histogram.labels), fraction.value, false, nullptr});
  }
  return finish(frame, std::move(result));
}

// For functions of native histograms: float samples are left out.
Result<Operand> nothing(CallFrame&) { return Operand(Elements{}); }

Function native(std::string_view name, std::string_view doc) {
  return {name, {ValueType::kVector}, 0, ValueType::kVector, GeneralFunction(&nothing), doc};
}

}  // namespace

std::vector<Function> histogram_functions() {
  constexpr auto kScalar = ValueType::kScalar;
  constexpr auto kVector = ValueType::kVector;
  return {
      {"histogram_quantile",
       {kScalar, kVector},
       0,
       kVector,
       &histogram_quantile,
       "quantile of each histogram"},
      {"histogram_fraction",
       {kScalar, kScalar, kVector},
       0,
       kVector,
       &histogram_fraction,
       "share of observations between two values"},
      native("histogram_avg", "average of native histograms"),
      native("histogram_count", "number of observations of native histograms"),
      native("histogram_sum", "sum of native histograms"),
      native("histogram_stddev", "standard deviation of native histograms"),
      native("histogram_stdvar", "variance of native histograms"),
  };
}

}  // namespace tocsin::promql
