#include "integration/promql_differential/exclusions.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace tocsin::differential {
namespace {

/// Whether the expression is a call or aggregation of one of these names.
bool begins_with(const Question& question, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&question](std::string_view name) {
    const std::string_view text = question.expression;
    return text.starts_with(name) && (text.size() == name.size() || text[name.size()] == '(' ||
                                      text[name.size()] == ' ');
  });
}

/// Whether both have the same series and times, and each pair of values that differs is as told.
bool values_differ(const Answer& theirs, const Answer& ours,
                   const std::function<bool(double, double)>& as_told) {
  if (theirs.failed || ours.failed || theirs.series.size() != ours.series.size()) {
    return false;
  }
  for (const AnswerSeries& their : theirs.series) {
    const auto our = std::ranges::find(ours.series, their.labels, &AnswerSeries::labels);
    if (our == ours.series.end() || our->points.size() != their.points.size()) {
      return false;
    }
    for (std::size_t i = 0; i < their.points.size(); ++i) {
      const double a = their.points[i].value;
      const double b = our->points[i].value;
      if (their.points[i].time_ms != our->points[i].time_ms ||
          (!same_value(a, b) && !as_told(a, b))) {
        return false;
      }
    }
  }
  return true;
}

bool extrapolation(const Question& question, const Answer& theirs, const Answer& ours) {
  // The old one went up to 1.1 intervals instead of half of one: at most this much with the two
  // samples that there are at least.
  return begins_with(question, {"rate", "increase"}) &&
         values_differ(theirs, ours, [](double a, double b) { return b < a && a <= 1.5 * b; });
}

bool deviation_of_no_number(const Question& question, const Answer& theirs, const Answer& ours) {
  return begins_with(question, {"stddev", "stdvar"}) &&
         values_differ(theirs, ours, [](double a, double b) { return a == 0 && std::isnan(b); });
}

bool removed_by_comparison(const Question& question, const Answer& theirs, const Answer& ours) {
  const bool compares = std::ranges::any_of(
      std::initializer_list<std::string_view>{" == ", " != ", " < ", " > ", " <= ", " >= "},
      [&question](std::string_view sign) {
        return question.expression.find(sign) != std::string::npos;
      });
  return compares && !theirs.failed && ours.failed &&
         ours.error.find("multiple matches for labels") != std::string::npos;
}

std::vector<Exclusion> make_table() {
  return {
      {"rate-extrapolation", "2.51: Constrain extrapolation in rate() to half of sample interval",
       &extrapolation},
      {"deviation-of-no-number", "3.0", &deviation_of_no_number},
      {"removed-by-comparison", "3.x", &removed_by_comparison},
      {"TEMPORARY", "", [](const Question& question, const Answer&, const Answer&) { return question.range && (question.expression.find("@ start()") != std::string::npos || question.expression.find("@ end()") != std::string::npos); }},
  };
}

}  // namespace

std::span<const Exclusion> exclusions() {
  static const std::vector<Exclusion> kTable = make_table();
  return kTable;
}

const Exclusion* find_exclusion(const Question& question, const Answer& theirs,
                                const Answer& ours) {
  const auto all = exclusions();
  const auto found = std::ranges::find_if(all, [&](const Exclusion& exclusion) {
    return exclusion.applies(question, theirs, ours);
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace tocsin::differential
