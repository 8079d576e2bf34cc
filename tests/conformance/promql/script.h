#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "conformance/promql/start_offsets.h"
#include "promql/query.h"
#include "support/series_notation.h"

/// The `.test` scripts of Prometheus: load series, evaluate, state the results.
namespace tocsin::promqltest {

struct Clear {};

struct LoadedSeries {
  testing::NotedSeries series;
  StartOffsets start_offsets;
};

struct Load {
  std::int64_t step_ms = 0;
  bool with_nhcb = false;  ///< classic histograms are stored as native ones too
  std::vector<LoadedSeries> series;
};

/// A text that an error or annotation must be equal to, or match.
struct ExpectedText {
  bool regex = false;
  std::string text;
};

/// What is said about annotations of one level.
struct ExpectedNotes {
  std::vector<std::optional<ExpectedText>> each;  ///< nothing: any text
  bool none = false;
};

struct Steps {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t step_ms = 1;
};

struct Eval {
  int line = 0;
  bool instant = true;
  Steps steps;
  std::string expression;
  base::Result<promql::Query> query = base::Error(base::ErrorCode::kInternal, "not parsed");

  bool fails = false;
  std::optional<ExpectedText> failure;
  ExpectedNotes warnings;
  ExpectedNotes infos;
  bool ordered = false;
  std::optional<double> scalar;
  std::optional<std::string> string;
  std::optional<Steps> range_vector;
  std::vector<testing::NotedSeries> series;
};

using Command = std::variant<Clear, Load, Eval>;

/// Reads a script. Queries that do not parse stay in their Eval, so that a script whose other evals
/// need what is not there yet can run; all other faults are errors with their line.
base::Result<std::vector<Command>> parse_script(std::string_view text);

}  // namespace tocsin::promqltest
