#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/duration.h"

namespace tocsin::testing {

/// Runs a file of promtool's format for rule unit tests: rules are evaluated one after the other
/// at every evaluation interval, as Prometheus does, against the noted series.
///
/// What went wrong comes back as texts, one per fault; an empty list means that the tests hold.
/// Expected samples that are native histograms are faults.
std::vector<std::string> run_rule_unit_test(const std::string& path,
                                            base::Duration lookback = std::chrono::minutes(5));

}  // namespace tocsin::testing
