#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "model/alert.h"
#include "model/record.h"
#include "promql/query.h"
#include "rules/rule.h"
#include "series/snapshot.h"
#include "series/store.h"

/// The rule engine: which rule is looked at when, and what becomes of its alerts. Pure: time is an
/// argument, samples come as snapshots, recorded samples and alert changes go out as effects.
/// Main loop only, but for evaluate().
namespace tocsin::rules {

/// Runs a query for a template's `query` function, at the evaluation's time.
using QueryFunction =
    std::function<base::Result<promql::Vector>(const std::string& expression, base::WallTime)>;

struct EngineOptions {
  base::Duration evaluation_interval = std::chrono::minutes(1);
  EvaluationMode evaluation = EvaluationMode::kRound;
  base::Duration resend_delay = std::chrono::minutes(1);
  model::Labels external_labels;
  std::string external_url;
  promql::EvalOptions promql;
};

/// A batch that a source delivered, failed ones included.
struct Arrival {
  series::Origin origin = 0;
  bool up = true;
  base::MonotonicTime arrived;
  std::span<const series::Created> created;  ///< series that are new with it
};

/// One rule to evaluate at one time against one snapshot.
struct Job {
  std::size_t group = 0;
  std::size_t rule = 0;
  base::WallTime time;  ///< evaluation time, query_offset not yet subtracted
  promql::Query query;
  std::vector<series::Selection> selections;
};

/// Jobs of a round that may run together; those of the next stage read what these record.
struct Stage {
  std::vector<Job> jobs;
};

struct JobResult {
  std::size_t group = 0;
  std::size_t rule = 0;
  base::WallTime time;
  base::Result<promql::Evaluation> evaluation;
  std::vector<series::Origin> reads;  ///< origins of the series that were selected
  double seconds = 0;                 ///< measured by the shell
};

/// A sample to write: a recorded series, ALERTS or ALERTS_FOR_STATE, or a stale marker. `put`
/// semantics: one value per slot, a later one replaces it.
struct RecordedSample {
  model::Labels labels;
  model::Sample sample;
};

struct Decision {
  std::vector<model::Record> records;
  std::vector<model::AlertChange> changes;
  std::vector<RecordedSample> samples;
  /// Errors of evaluation or templating, for logs and /api/v1/rules.
  std::vector<std::string> errors;
};

}  // namespace tocsin::rules
