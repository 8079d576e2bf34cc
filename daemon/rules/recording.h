#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/labels.h"
#include "promql/query.h"
#include "rules/alert_book.h"
#include "rules/engine.h"

namespace tocsin::rules {

/// Recorded series hold one sample per interval slot, however often the rule is looked at. The
/// slot of time t is floor(t / interval). Its samples carry the time of the first look within it:
/// later looks replace values at that time, so that a series never holds two samples of one slot
/// and no sample is newer than the look that wrote it.
struct RecordingSlot {
  std::int64_t number = std::numeric_limits<std::int64_t>::min();
  std::int64_t time_ms = 0;

  /// The timestamp for what a look at `time` writes. On a grid each look has a slot of its own.
  std::int64_t timestamp(base::WallTime time, base::Duration interval, bool grid);
};

/// An instant vector out of a rule's result: a scalar is one element without labels. An error for
/// ranges and strings.
base::Result<promql::Vector> to_vector(promql::Value value);

/// The series that a recording rule's result makes. An error when two elements end up with the
/// same labels.
base::Result<std::vector<RecordedSample>> recorded(
    const std::string& name, const std::vector<std::pair<std::string, std::string>>& labels,
    const promql::Vector& elements, std::int64_t time_ms);

/// ALERTS and ALERTS_FOR_STATE of the pending and firing alerts.
std::vector<RecordedSample> alert_series(const std::vector<ActiveAlert>& active,
                                         std::int64_t time_ms);

/// Adds stale markers for the series of `written` that `samples` lacks, and makes `written` the
/// series of `samples`.
void end_missing(std::vector<RecordedSample>& samples, std::set<model::Labels>& written,
                 std::int64_t time_ms);

}  // namespace tocsin::rules
