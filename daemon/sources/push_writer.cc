#include "sources/push_writer.h"

#include <boost/unordered/unordered_flat_set.hpp>
#include <optional>
#include <utility>

#include "sources/ingester_state.h"

namespace tocsin::sources {

namespace {

/// Writes one request and keeps the first reason of each kind.
class PushWriter {
 public:
  PushWriter(series::Store& store, series::Origin origin, base::WallTime now)
      : appender_(store.appender(origin)),
        now_ms_(base::to_millis(now)),
        latest_ms_(now_ms_ + kMaxAheadMs) {
    outcome_.ingested.origin = origin;
    outcome_.ingested.up = true;
  }

  void write(const Pushed& pushed) {
    for (const PushedSeries& series : pushed.series) {
      if (series.undated) {
        write_undated(series);
      } else {
        write(series);
      }
    }
  }

  PushOutcome finish() {
    series::CommitResult committed = appender_.commit();
    outcome_.ingested.created = std::move(committed.created);
    outcome_.ingested.stored = committed.stored;
    return std::move(outcome_);
  }

 private:
  RefusedSamples& refused() { return outcome_.ingested.refused; }

  void write_undated(const PushedSeries& series) {
    auto ref = appender_.find(series.labels);
    // What this very request said before does not give way.
    const bool repeated = ref && undated_.contains(*ref);
    bool stored = false;
    for (const model::Sample& sample : series.samples) {
      const model::Sample dated{now_ms_, sample.value};
      const auto result =
          repeated ? appender_.append(series.labels, dated) : appender_.put(series.labels, dated);
      if (!result) {
        ++refused().series_limit;
        refuse(result.error().message(), series);
        continue;
      }
      stored = judge(*result, series, outcome_.samples) || stored;
    }
    if (!ref) {
      ref = appender_.find(series.labels);
    }
    if (ref) {
      undated_.insert(*ref);
    }
    if (ref && stored) {
      outcome_.touched.push_back({*ref, series.labels});
    }
  }

  void write(const PushedSeries& series) {
    std::optional<series::SeriesRef> ref;
    bool stored = false;
    for (const model::Sample& sample : series.samples) {
      if (sample.time_ms > latest_ms_) {
        ++refused().out_of_bounds;
        refuse("out of bounds", series);
        continue;
      }
      const auto result =
          ref ? appender_.append(*ref, sample) : appender_.append(series.labels, sample);
      if (!result) {
        ++refused().series_limit;
        refuse(result.error().message(), series);
        continue;
      }
      if (!ref) {
        ref = appender_.find(series.labels);
      }
      stored = judge(*result, series, outcome_.samples) || stored;
    }
    for (const model::HistogramSample& sample : series.histograms) {
      if (sample.time_ms > latest_ms_) {
        ++refused().out_of_bounds;
        refuse("out of bounds", series);
        continue;
      }
      const auto result = appender_.append(series.labels, sample);
      if (!result) {
        ++refused().series_limit;
        refuse(result.error().message(), series);
        continue;
      }
      stored = judge(*result, series, outcome_.histograms) || stored;
    }
    if (stored && !ref) {
      ref = appender_.find(series.labels);
    }
    if (stored && ref) {
      outcome_.touched.push_back({*ref, series.labels});
    }
  }

  /// Whether the series has a sample more.
  bool judge(series::AppendOutcome result, const PushedSeries& series, std::size_t& written) {
    switch (result) {
      case series::AppendOutcome::kStored:
      case series::AppendOutcome::kReplaced:
      case series::AppendOutcome::kDuplicate:
        ++written;
        return result != series::AppendOutcome::kDuplicate;
      case series::AppendOutcome::kConflict:
        ++refused().duplicate;
        refuse("duplicate sample for timestamp", series);
        break;
      case series::AppendOutcome::kOutOfOrder:
        ++refused().out_of_order;
        refuse("out of order sample", series);
        break;
      case series::AppendOutcome::kTooOld:
        ++refused().out_of_bounds;
        refuse("out of bounds", series);
        break;
    }
    return false;
  }

  void refuse(const std::string& reason, const PushedSeries& series) {
    if (outcome_.refusal.empty()) {
      outcome_.refusal = reason + " for series " + series.labels.to_string();
    }
  }

  series::Appender appender_;
  std::int64_t now_ms_;
  std::int64_t latest_ms_;
  boost::unordered_flat_set<series::SeriesRef> undated_;  // that were written without a time
  PushOutcome outcome_;
};

}  // namespace

PushOutcome write_pushed(series::Store& store, series::Origin origin, const Pushed& pushed,
                         base::WallTime now) {
  PushWriter writer(store, origin, now);
  writer.write(pushed);
  PushOutcome outcome = writer.finish();
  if (outcome.refusal.empty()) {
    outcome.refusal = pushed.invalid_reason;
  }
  return outcome;
}

}  // namespace tocsin::sources
