#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "promql/query.h"

namespace tocsin::promql {

/// What `--enable-feature=a,b` says about the language, with Prometheus' names.
struct Features {
  ParseOptions parse;
  bool delayed_name_removal = false;
  bool use_start_timestamps = false;

  void apply_to(EvalOptions& options) const {
    options.delayed_name_removal = delayed_name_removal;
    options.use_start_timestamps = use_start_timestamps;
  }
};

/// Reads names that are separated by commas, in any number of texts; blanks do not matter. Names
/// of Prometheus that are of no concern here are taken; `unknown` gets those that are none.
Features parse_features(const std::vector<std::string>& texts, std::vector<std::string>& unknown);

/// One line for each feature that changes something: its name and what it does.
std::string_view describe_features();

}  // namespace tocsin::promql
