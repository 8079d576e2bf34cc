#include "model/histogram_trim.h"

#include <cmath>
#include <limits>

namespace tocsin::model {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Scale : std::uint8_t { kLinear, kLogarithmic };

struct Part {
  double count = 0;
  double sum = 0;
};

double middle(double lower, double upper, Scale scale) {
  if (scale == Scale::kLogarithmic) {
    const double geometric = std::sqrt(std::fabs(lower)) * std::sqrt(std::fabs(upper));
    return lower < 0 || upper < 0 ? -geometric : geometric;
  }
  return lower + (upper - lower) / 2;
}

// The share of a bucket that lies below a value within it.
double share_below(const BucketRange& range, double value, Scale scale) {
  if (scale == Scale::kLinear) {
    return (value - range.lower) / (range.upper - range.lower);
  }
  const double lower = std::log2(std::fabs(range.lower));
  return (std::log2(std::fabs(value)) - lower) / (std::log2(std::fabs(range.upper)) - lower);
}

// An open bucket from or to where its observations are assumed. Custom buckets begin at zero when
// they end above it, as in classic histograms.
double assumed_middle(const BucketRange& range, Scale scale) {
  if (std::isinf(range.lower) && std::isinf(range.upper)) {
    return 0;
  }
  if (std::isinf(range.upper)) {
    return range.lower;
  }
  if (std::isinf(range.lower)) {
    return range.upper <= 0 ? range.upper : range.upper / 2;
  }
  return middle(range.lower, range.upper, scale);
}

Part whole(const BucketRange& range, Scale scale) {
  return {range.count, range.count * assumed_middle(range, scale)};
}

Part between(const BucketRange& range, double lower, double upper, double share, Scale scale) {
  const double count = range.count * share;
  return {count, count * middle(lower, upper, scale)};
}

// What is left of a bucket that does not lie on the right side as a whole.
Part cut_above(BucketRange range, double limit, Scale scale) {
  if (std::isinf(range.lower) && range.upper > 0) {
    range.lower = 0;
  }
  if (!(range.lower < limit) || std::isinf(range.upper) || std::isinf(range.lower)) {
    return {};
  }
  return between(range, range.lower, limit, share_below(range, limit, scale), scale);
}

Part cut_below(BucketRange range, double limit, Scale scale) {
  if (!(range.upper > limit)) {
    return {};
  }
  if (std::isinf(range.lower)) {
    if (range.upper <= 0 || std::isinf(range.upper) || limit < 0) {
      return {};
    }
    range.lower = 0;
  }
  if (std::isinf(range.upper)) {
    return {range.count, range.count * limit};
  }
  return between(range, limit, range.upper, 1 - share_below(range, limit, scale), scale);
}

class Trimmer {
 public:
  Trimmer(const Histogram& histogram, double limit, bool above)
      : original_(histogram), result_(histogram), limit_(limit), above_(above) {}

  Histogram run() {
    const Scale scale = original_.is_custom() ? Scale::kLinear : Scale::kLogarithmic;
    for (HistogramBucket& bucket : result_.negative) {
      bucket.count = keep(negative_range(original_, bucket), scale);
    }
    if (!original_.is_custom()) {
      result_.zero_count = keep(zero_range(original_), Scale::kLinear);
    }
    for (HistogramBucket& bucket : result_.positive) {
      bucket.count = keep(positive_range(original_, bucket), scale);
    }
    if (!cut_) {
      return original_;
    }
    result_.count = kept_.count;
    result_.sum = kept_.sum;
    result_.compact();
    return std::move(result_);
  }

 private:
  double keep(const BucketRange& range, Scale scale) {
    if (range.count == 0) {
      return 0;
    }
    // Custom buckets that end above zero begin there at the lowest.
    const double lower =
        std::isinf(range.lower) && range.upper > 0 && !std::isinf(range.upper) && limit_ >= 0
            ? 0
            : range.lower;
    Part part;
    if (above_ ? range.upper <= limit_ : lower >= limit_ && limit_ != kInfinity) {
      part = whole(range, scale);
    } else {
      cut_ = true;
      part = above_ ? cut_above(range, limit_, scale) : cut_below(range, limit_, scale);
    }
    kept_.count += part.count;
    kept_.sum += part.sum;
    return part.count;
  }

  const Histogram& original_;
  Histogram result_;
  double limit_;
  bool above_;
  bool cut_ = false;
  Part kept_;
};

}  // namespace

BucketRange zero_range(const Histogram& histogram) {
  BucketRange range{-histogram.zero_threshold, histogram.zero_threshold, true, true,
                    histogram.zero_count};
  if (histogram.negative.empty() && !histogram.positive.empty()) {
    range.lower = 0;
  } else if (histogram.positive.empty() && !histogram.negative.empty()) {
    range.upper = 0;
  }
  return range;
}

Histogram trimmed_above(const Histogram& histogram, double limit) {
  return Trimmer(histogram, limit, true).run();
}

Histogram trimmed_below(const Histogram& histogram, double limit) {
  return Trimmer(histogram, limit, false).run();
}

}  // namespace tocsin::model
