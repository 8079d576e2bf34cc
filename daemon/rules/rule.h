#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "model/labels.h"
#include "promql/query.h"

namespace tocsin::rules {

enum class EvaluationMode : std::uint8_t {
  kRound,     ///< as soon as what it reads has arrived
  kInterval,  ///< on Prometheus' grid
};

/// What a failed poll means for alerts that read the target.
enum class NoData : std::uint8_t {
  kOk,    ///< the series go stale and the alert resolves, as in Prometheus
  kKeep,  ///< the alert is kept, and that is told
};

struct Rule {
  bool alerting = false;
  std::string name;  ///< alert name or recorded metric
  promql::Query query;
  base::Duration for_duration{0};
  base::Duration keep_firing_for{0};
  std::vector<std::pair<std::string, std::string>> labels;       ///< templates when alerting
  std::vector<std::pair<std::string, std::string>> annotations;  ///< templates
  base::Position position;
};

struct Group {
  std::string file;  ///< as people wrote it
  /// What names the file over restarts, whichever way it was reached; empty: `file` does.
  std::string identity = {};
  std::string name;
  base::Duration interval{0};  ///< 0: the global evaluation_interval
  bool interval_written = false;
  base::Duration query_offset{0};
  std::size_t limit = 0;                                    ///< 0: none
  std::vector<std::pair<std::string, std::string>> labels;  ///< added to every rule
  std::optional<EvaluationMode> evaluation;                 ///< extension key `evaluation`
  std::optional<NoData> no_data;                            ///< extension key `no_data`
  std::vector<Rule> rules;
};

/// A group that could not be read; see Engine::load().
struct QuarantinedGroup {
  std::string file;
  std::string identity = {};  ///< as in Group
  std::string name;
  std::vector<base::Error> errors;
};

/// What a group's file is called in what is kept.
template <class AnyGroup>
const std::string& file_identity(const AnyGroup& group) {
  return group.identity.empty() ? group.file : group.identity;
}

}  // namespace tocsin::rules
