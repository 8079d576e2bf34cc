#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/promql/script.h"

namespace tocsin::promqltest {

/// One eval that did not give what the script says.
struct Failure {
  std::string file;
  int line = 0;
  std::string what;  ///< expected and got
};

struct Summary {
  int passed = 0;
  std::vector<Failure> failures;
};

/// Runs a script. `wanted` says for the line of an eval whether it is to be run. Each instant eval
/// is run again with `@` and as part of a range query where the result must not change.
base::Result<Summary> run_script(const std::string& file, std::string_view text,
                                 const std::function<bool(int line)>& wanted);

/// The lines of the evals of a script that belong to a phase, by evals.tsv beside it.
std::function<bool(int line)> evals_of_phase(const std::string& script_path,
                                             std::string_view phase);

}  // namespace tocsin::promqltest
