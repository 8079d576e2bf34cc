#pragma once

#include <optional>

#include "promql/query.h"

namespace tocsin::rules {

/// How near is near: this part of the threshold.
inline constexpr double kNearShare = 0.1;

/// The expression of an alert with its thresholds moved towards calm by a tenth: `x > 80` becomes
/// `x > 72`, `x < 10` becomes `x < 11`. It yields elements when the alert is firing or close to it.
/// Only comparisons of something with a number count, also those joined by and, or, unless. Nothing
/// when there is none that could be moved (`== 0`, `> 0`). Pure.
std::optional<promql::Query> near_query(const promql::Query& query);

}  // namespace tocsin::rules
