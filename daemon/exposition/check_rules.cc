#include "exposition/check_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "exposition/family.h"
#include "exposition/scalar.h"

namespace tocsin::exposition {
namespace {

using model::MetricType;

// Characters in all names and values of an exemplar's labels together.
constexpr int kMaxExemplarCharacters = 128;

bool is_histogram(MetricType type) {
  return type == MetricType::kHistogram || type == MetricType::kGaugeHistogram;
}

const LabelView* find(std::span<const LabelView> labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &LabelView::name);
  return found == labels.end() ? nullptr : &*found;
}

int characters(std::string_view text) { return column_of(text, text.size()) - 1; }

// True for NaN as well.
bool not_positive_or_zero(double value) { return !(value >= 0); }

}  // namespace

std::string_view distinguishing_label(const SampleInFamily& sample) {
  if (is_histogram(sample.type) && sample.suffix == "_bucket") {
    return "le";
  }
  if (sample.type == MetricType::kSummary && sample.suffix.empty()) {
    return "quantile";
  }
  return sample.type == MetricType::kStateSet ? sample.family : std::string_view();
}

Breach check_labels(const SampleInFamily& sample) {
  const std::string_view name = distinguishing_label(sample);
  if (name.empty()) {
    return std::nullopt;
  }
  const LabelView* label = find(sample.labels, name);
  if (label == nullptr) {
    return "the label " + std::string(name) + " is missing";
  }
  if (sample.type == MetricType::kStateSet) {
    return std::nullopt;
  }
  const std::optional<double> number = read_number(label->value);
  if (!number || std::isnan(*number)) {
    return std::string(name) + "=" + base::quote(label->value) + " is not a number";
  }
  if (name == "quantile" && (*number < 0 || *number > 1)) {
    return "a quantile lies between 0 and 1";
  }
  return std::nullopt;
}

Breach check_value(const SampleInFamily& sample) {
  const std::string_view suffix = sample.suffix;
  switch (sample.type) {
    case MetricType::kCounter:
      if (suffix == "_total" && not_positive_or_zero(sample.value)) {
        return "a counter cannot be negative or NaN";
      }
      break;
    case MetricType::kHistogram:
    case MetricType::kGaugeHistogram:
      if ((suffix == "_bucket" || suffix == "_count" || suffix == "_gcount" || suffix == "_sum") &&
          not_positive_or_zero(sample.value)) {
        return "buckets, counts and sums cannot be negative or NaN";
      }
      if (suffix == "_gsum" && std::isnan(sample.value)) {
        return "a sum cannot be NaN";
      }
      break;
    case MetricType::kSummary:
      if (suffix == "_count" && not_positive_or_zero(sample.value)) {
        return "a count cannot be negative or NaN";
      }
      if (suffix != "_created" && sample.value < 0) {
        return "sums and quantiles of a summary cannot be negative";
      }
      break;
    case MetricType::kInfo:
      if (sample.value != 1) {
        return "the value of an info is 1";
      }
      break;
    case MetricType::kStateSet:
      if (sample.value != 0 && sample.value != 1) {
        return "the value of a state is 0 or 1";
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

Breach check_exemplar(const SampleInFamily& sample, std::span<const LabelView> labels) {
  const bool allowed = (sample.type == MetricType::kCounter && sample.suffix == "_total") ||
                       (is_histogram(sample.type) && sample.suffix == "_bucket");
  if (!allowed) {
    return "only totals of counters and buckets of histograms may have exemplars";
  }
  int length = 0;
  for (const LabelView& label : labels) {
    length += characters(label.name) + characters(label.value);
  }
  if (length > kMaxExemplarCharacters) {
    return "the exemplar's labels are longer than 128 characters";
  }
  return std::nullopt;
}

Breach HistogramCheck::add(const SampleInFamily& sample) {
  gauge_ = sample.type == MetricType::kGaugeHistogram;
  if (sample.suffix == "_count" || sample.suffix == "_gcount") {
    count_ = sample.value;
  } else if (sample.suffix == "_sum" || sample.suffix == "_gsum") {
    sum_ = sample.value;
  }
  if (sample.suffix != "_bucket") {
    return std::nullopt;
  }
  const LabelView* label = find(sample.labels, "le");
  const std::optional<double> limit = label != nullptr ? read_number(label->value) : std::nullopt;
  if (!limit || std::isnan(*limit)) {
    return std::nullopt;  // check_labels() has said so
  }
  const std::optional<Bucket> before = std::exchange(bucket_, Bucket{*limit, sample.value});
  negative_ = negative_ || *limit < 0;
  if (before && *limit <= before->limit) {
    return "the buckets are not in the order of le";
  }
  if (before && sample.value < before->value) {
    return "a bucket counts less than the one before";
  }
  return std::nullopt;
}

Breach HistogramCheck::finish() {
  const HistogramCheck ended = std::exchange(*this, {});
  if (ended.empty()) {
    return std::nullopt;
  }
  if (!ended.bucket_ || !std::isinf(ended.bucket_->limit) || ended.bucket_->limit < 0) {
    return "the histogram has no last bucket with le=\"+Inf\"";
  }
  if (ended.count_ && *ended.count_ != ended.bucket_->value) {
    return "the count is not that of the bucket +Inf";
  }
  if (ended.sum_ && !ended.count_) {
    return "the histogram has a sum but no count";
  }
  if (ended.count_ && !ended.sum_ && (ended.gauge_ || !ended.negative_)) {
    return "the histogram has a count but no sum";
  }
  if (ended.sum_ && ended.negative_ && !ended.gauge_) {
    return "a histogram with negative buckets cannot have a sum";
  }
  if (ended.gauge_ && ended.sum_ && *ended.sum_ < 0 && !ended.negative_) {
    return "the sum is negative and no bucket is";
  }
  return std::nullopt;
}

}  // namespace tocsin::exposition
