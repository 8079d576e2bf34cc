#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/xxhash.h"
#include "promql/operators.h"

/// limit_ratio: a share of all series, the same ones that Prometheus chooses.
namespace tocsin::promql {
namespace {

using base::Result;

// Prometheus' length of a text: one byte, or 255 and three more with the lowest one first.
void append_sized(std::string& out, std::string_view text) {
  const std::size_t size = text.size();
  if (size < 255) {
    out += static_cast<char>(size);
  } else {
    out += '\xff';
    for (int shift = 0; shift < 24; shift += 8) {
      out += static_cast<char>(size >> shift & 0xff);
    }
  }
  out += text;
}

/// Where a series stands between 0 and 1: the hash of its labels as Prometheus 3 keeps them in
/// memory (all names and values in order, each behind its length), as a share of the largest one.
class Places {
 public:
  double of(const model::Labels& labels) {
    bytes_.clear();
    for (const model::Label& label : labels) {
      append_sized(bytes_, label.name.view());
      append_sized(bytes_, label.value.view());
    }
    return static_cast<double>(base::xxhash64(bytes_)) / 0x1p64;
  }

 private:
  std::string bytes_;
};

/// A negative ratio takes those series that its complement leaves out.
class RatioStream final : public Stream {
 public:
  RatioStream(Run& run, StreamPtr inner, Scalars ratios)
      : run_(run), inner_(std::move(inner)), ratios_(ratios) {}

  Result<bool> next(Column& column) override {
    auto more = inner_->next(column);
    if (!more || !*more) {
      return more;
    }
    run_.settle(column);
    const double place = places_.of(column.labels);
    for (std::size_t i = 0; i < column.values.size(); ++i) {
      const double ratio = std::clamp(ratios_[i], -1.0, 1.0);
      if (!(ratio >= 0 ? place < ratio : place >= 1 + ratio)) {
        column.erase(i);
      }
    }
    return more;
  }

 private:
  Run& run_;
  StreamPtr inner_;
  Scalars ratios_;
  Places places_;
};

}  // namespace

Result<StreamPtr> open_ratio(Run& run, const PlanNode& node, StreamPtr inner,
                             const Scalars& ratios) {
  const auto& aggregation = std::get<Aggregation>(node.expr->node);
  for (const double ratio : ratios.values) {
    if (std::isnan(ratio)) {
      return base::Error(base::ErrorCode::kInvalidInput, "Ratio value is NaN");
    }
    if (std::fabs(ratio) > 1) {
      run.notes().warn(aggregation.parameter->span, "ratio value should be between -1 and 1, got " +
                                                        base::format_number_short(ratio) +
                                                        ", capping to " + (ratio > 0 ? "1" : "-1"));
    }
  }
  return StreamPtr(std::make_unique<RatioStream>(run, std::move(inner), ratios));
}

}  // namespace tocsin::promql
