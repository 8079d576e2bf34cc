#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/buckets.h"
#include "promql/call_frame.h"
#include "promql/functions.h"
#include "promql/histogram_notices.h"
#include "promql/histogram_quantiles.h"
#include "promql/signature.h"

/// Functions of histograms, classic ones (series with `le`) and native ones. What they compute of
/// one histogram is in buckets.h and histogram_quantiles.h.
namespace tocsin::promql {
namespace {

using base::Result;

constexpr std::string_view kBucketLabel = "le";

std::string named(std::string message, std::string_view metric) {
  if (!metric.empty()) {
    message += " for metric name " + base::quote(metric);
  }
  return message;
}

// A histogram of either kind.
struct AnyHistogram {
  model::Labels labels;  // with the metric name, without le
  HistogramPtr native;   // or else
  std::vector<Bucket> buckets;
  bool both = false;
};

// Joins the elements of a vector to histograms. Those that are there in both kinds are left out.
class Collector {
 public:
  Collector(CallFrame& frame, std::size_t argument)
      : frame_(frame),
        where_(frame.call.arguments[argument]->span),
        grouping_(frame.evaluator.grouping(&frame.call, false, {std::string(kBucketLabel)})) {
    grouping_.places.clear();
    for (const Element& element : frame.vector(argument)) {
      if (element.histogram) {
        add_native(element);
      } else {
        add_bucket(element);
      }
    }
  }

  std::vector<AnyHistogram> take() {
    std::erase_if(list_, &AnyHistogram::both);
    return std::move(list_);
  }

 private:
  AnyHistogram& of(const Element& element) {
    const std::string_view metric = element.labels.metric_name();
    const Signature::Id id = grouping_.signature.id_with(element.labels, false, metric);
    const auto [place, fresh] = grouping_.places.try_emplace(id, list_.size());
    if (fresh) {
      list_.push_back(
          {model::LabelsBuilder(element.labels).remove(kBucketLabel).build(), nullptr, {}, false});
    }
    return list_[place];
  }

  void add_bucket(const Element& element) {
    const std::string_view text = element.labels.get(kBucketLabel);
    const auto bound = base::parse_number(text);
    if (!bound) {
      const std::string message =
          "bucket label \"le\" is missing or has a malformed value of " + base::quote(text);
      frame_.evaluator.notes().warn(where_, named(message, element.labels.metric_name()));
      return;
    }
    AnyHistogram& histogram = of(element);
    histogram.buckets.push_back({*bound, element.value});
    refuse_both(histogram);
  }

  void add_native(const Element& element) {
    AnyHistogram& histogram = of(element);
    histogram.native = element.histogram;
    refuse_both(histogram);
  }

  void refuse_both(AnyHistogram& histogram) {
    if (histogram.both || !histogram.native || histogram.buckets.empty()) {
      return;
    }
    histogram.both = true;
    frame_.evaluator.notes().warn(where_,
                                  named("vector contains a mix of classic and native histograms",
                                        histogram.labels.metric_name()));
  }

  CallFrame& frame_;
  Span where_;
  Grouping& grouping_;
  std::vector<AnyHistogram> list_;
};

// Makes the texts of what an estimate says about itself.
class Notices {
 public:
  Notices(CallFrame& frame, std::size_t argument, std::string_view function)
      : annotations_(frame.evaluator.notes()),
        where_(frame.call.arguments[argument]->span),
        function_(function) {}

  double classic(const BucketQuantile& estimate, const AnyHistogram& histogram) const {
    if (estimate.forced) {
      note_forced(annotations_, where_, function_, histogram.labels.metric_name());
    }
    return estimate.value;
  }

  double native(const HistogramEstimate& estimate, const AnyHistogram& histogram) const {
    if (estimate.nans) {
      std::string message = "input to " + function_ + " has NaN observations, ";
      if (function_ == "histogram_fraction") {
        message += "which are excluded from all fractions";
      } else {
        message += std::isnan(estimate.value) ? "result is NaN" : "result is skewed higher";
      }
      annotations_.info(where_, named(std::move(message), histogram.labels.metric_name()));
    }
    return estimate.value;
  }

 private:
  Annotations& annotations_;
  Span where_;
  std::string function_;
};

void warn_of(CallFrame& frame, std::size_t argument) {
  warn_quantile(frame.evaluator.notes(), frame.call.arguments[argument]->span,
                frame.scalar(argument));
}

double quantile_of(double q, const AnyHistogram& histogram, const Notices& notices) {
  if (histogram.native) {
    return notices.native(histogram_quantile(q, *histogram.native), histogram);
  }
  std::vector<Bucket> buckets = histogram.buckets;
  return notices.classic(bucket_quantile(q, buckets), histogram);
}

Result<Operand> without_names(CallFrame& frame, std::size_t argument, Elements elements) {
  const bool one_name = has_one_name(*frame.call.arguments[argument]);
  auto status = frame.evaluator.drop_names(elements, one_name, CallContext::Names::kSettled);
  if (!status) {
    return status.error();
  }
  return Operand(std::move(elements));
}

Result<Operand> quantile(CallFrame& frame) {
  warn_of(frame, 0);
  const Notices notices(frame, 1, "histogram_quantile");
  Elements result;
  for (AnyHistogram& histogram : Collector(frame, 1).take()) {
    const double value = quantile_of(frame.scalar(0), histogram, notices);
    result.push_back({std::move(histogram.labels), value, false, nullptr});
  }
  return without_names(frame, 1, std::move(result));
}

// As label values write floats: integers with ".0".
std::string label_value(double q) {
  std::string text = base::format_number(q);
  return text.find_first_not_of("0123456789-") == std::string::npos ? text + ".0" : text;
}

Result<Operand> quantiles(CallFrame& frame) {
  const std::string& label = frame.text(1);
  if (label.empty() || !base::is_valid_utf8(label)) {
    return base::Error(base::ErrorCode::kInvalidInput,
                       "invalid label name in histogram_quantiles(): " + label);
  }
  const Notices notices(frame, 0, "histogram_quantile");
  const std::vector<AnyHistogram> histograms = Collector(frame, 0).take();
  Elements result;
  for (std::size_t i = 2; i < frame.arguments.size(); ++i) {
    warn_of(frame, i);
    const double q = frame.scalar(i);
    const std::string text = label_value(q);
    for (const AnyHistogram& histogram : histograms) {
      result.push_back({model::LabelsBuilder(histogram.labels).set(label, text).build(),
                        quantile_of(q, histogram, notices), false, nullptr});
    }
  }
  // The label may have been one that told series apart.
  if (auto status = frame.evaluator.refuse_duplicates(result); !status) {
    return status.error();
  }
  return without_names(frame, 0, std::move(result));
}

Result<Operand> fraction(CallFrame& frame) {
  const double lower = frame.scalar(0);
  const double upper = frame.scalar(1);
  const Notices notices(frame, 2, "histogram_fraction");
  Elements result;
  for (AnyHistogram& histogram : Collector(frame, 2).take()) {
    const double value =
        histogram.native
            ? notices.native(histogram_fraction(lower, upper, *histogram.native), histogram)
            : notices.classic(bucket_fraction(lower, upper, histogram.buckets), histogram);
    result.push_back({std::move(histogram.labels), value, false, nullptr});
  }
  return without_names(frame, 2, std::move(result));
}

double count(const model::Histogram& histogram) { return histogram.count; }
double sum(const model::Histogram& histogram) { return histogram.sum; }
double average(const model::Histogram& histogram) { return histogram.sum / histogram.count; }
double deviation(const model::Histogram& histogram) {
  return std::sqrt(histogram_variance(histogram));
}

Function native(std::string_view name, HistogramFunction run, std::string_view doc) {
  return {name, {ValueType::kVector}, 0, ValueType::kVector, run, doc};
}

}  // namespace

void note_forced(Annotations& annotations, Span where, std::string_view function,
                 std::string_view metric) {
  // Prometheus names the empty metric too, here only.
  const std::string name(function);
  annotations.info(where, "input to " + name +
                              " needed to be fixed for monotonicity (see "
                              "https://prometheus.io/docs/prometheus/latest/querying/functions/#" +
                              name + ") for metric name " + base::quote(metric));
}

void warn_quantile(Annotations& annotations, Span where, double q) {
  if (!(q >= 0 && q <= 1)) {
    annotations.warn(
        where, "quantile value should be between 0 and 1, got " + base::format_number_short(q));
  }
}

std::vector<Function> histogram_functions() {
  constexpr auto kScalar = ValueType::kScalar;
  constexpr auto kString = ValueType::kString;
  constexpr auto kVector = ValueType::kVector;
  constexpr int kMostQuantiles = 10;
  Function several{"histogram_quantiles",
                   {kVector, kString},
                   kMostQuantiles - 1,
                   kVector,
                   GeneralFunction(&quantiles),
                   "quantiles of each histogram, each with a label that tells which"};
  several.arguments.insert(several.arguments.end(), kMostQuantiles, kScalar);
  several.experimental = true;
  std::vector<Function> rows = {
      {"histogram_quantile",
       {kScalar, kVector},
       0,
       kVector,
       GeneralFunction(&quantile),
       "quantile of each histogram"},
      {"histogram_fraction",
       {kScalar, kScalar, kVector},
       0,
       kVector,
       GeneralFunction(&fraction),
       "share of observations between two values"},
      std::move(several),
      native("histogram_avg", &average, "average of native histograms"),
      native("histogram_count", &count, "number of observations of native histograms"),
      native("histogram_sum", &sum, "sum of native histograms"),
      native("histogram_stddev", &deviation, "standard deviation of native histograms"),
      native("histogram_stdvar", &histogram_variance, "variance of native histograms"),
  };
  rows[0].form = Form::kEstimate;
  rows[1].form = Form::kEstimate;
  return rows;
}

}  // namespace tocsin::promql
