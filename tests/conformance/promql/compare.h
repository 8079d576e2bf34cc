#pragma once

#include <cstdint>
#include <string>

#include "conformance/promql/script.h"

namespace tocsin::promqltest {

/// What is wrong with the outcome of an eval; empty when it is as expected.
std::string compare(const Eval& eval, const base::Result<promql::Evaluation>& outcome);

/// The same, but neither order nor annotations count.
std::string compare_again(const Eval& eval, const base::Result<promql::Evaluation>& outcome);

/// The same for the point at `time_ms` of a range query.
std::string compare_step(const Eval& eval, const base::Result<promql::Evaluation>& outcome,
                         std::int64_t time_ms);

/// Whether two numbers count as equal in scripts.
bool nearly_equal(double a, double b);

}  // namespace tocsin::promqltest
