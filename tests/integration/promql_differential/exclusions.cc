#include "integration/promql_differential/exclusions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"

namespace tocsin::differential {
namespace {

/// Whether the expression is a call or aggregation of one of these names.
bool begins_with(const Question& question, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&question](std::string_view name) {
    const std::string_view text = question.expression;
    return text.starts_with(name) &&
           (text.size() == name.size() || text[name.size()] == '(' || text[name.size()] == ' ');
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

bool extrapolation(const Disagreement& found) {
  // The old one went up to 1.1 intervals instead of half of one: at most this much with the two
  // samples that there are at least.
  return begins_with(found.question, {"rate", "increase"}) &&
         values_differ(found.theirs, found.ours,
                       [](double a, double b) { return b < a && a <= 1.5 * b; });
}

bool deviation_of_no_number(const Disagreement& found) {
  return begins_with(found.question, {"stddev", "stdvar"}) &&
         values_differ(found.theirs, found.ours,
                       [](double a, double b) { return a == 0 && std::isnan(b); });
}

bool removed_by_comparison(const Disagreement& found) {
  const bool compares = std::ranges::any_of(
      std::initializer_list<std::string_view>{" == ", " != ", " < ", " > ", " <= ", " >= "},
      [&found](std::string_view sign) {
        return found.question.expression.find(sign) != std::string::npos;
      });
  return compares && !found.theirs.failed && found.ours.failed &&
         found.ours.error.find("multiple matches for labels") != std::string::npos;
}

// Without the metric name.
Answer nameless(Answer answer) {
  for (AnswerSeries& series : answer.series) {
    const std::string_view name = "{__name__=";
    if (series.labels.starts_with(name)) {
      const std::size_t end = series.labels.find('"', name.size() + 1);
      const std::size_t rest = series.labels.find_first_not_of(", ", end + 1);
      series.labels = "{" + series.labels.substr(rest);
    }
  }
  return answer;
}

bool name_after_atan2(const Disagreement& found) {
  return found.question.expression.find(" atan2 ") != std::string::npos && !found.theirs.failed &&
         (!difference(nameless(found.theirs), found.ours, false) ||
          found.ours.error.find("same labelset") != std::string::npos ||
          found.ours.error.find("grouping labels must ensure") != std::string::npos);
}

// All values as they were printed, sorted.
std::vector<std::string> printed(const Answer& answer) {
  std::vector<std::string> all;
  for (const AnswerSeries& series : answer.series) {
    for (const Point& point : series.points) {
      all.push_back(point.text);
    }
  }
  std::ranges::sort(all);
  return all;
}

// The values in order of time and size, without telling whose they are.
std::vector<Point> values_of(const Answer& answer) {
  std::vector<Point> all;
  for (const AnswerSeries& series : answer.series) {
    all.insert(all.end(), series.points.begin(), series.points.end());
  }
  std::ranges::sort(all, [](const Point& a, const Point& b) {
    const bool a_nan = std::isnan(a.value);
    const bool b_nan = std::isnan(b.value);
    return a.time_ms != b.time_ms ? a.time_ms < b.time_ms
           : a_nan || b_nan       ? !a_nan && b_nan
                                  : a.value < b.value;
  });
  return all;
}

bool choice_among_equals(const Disagreement& found) {
  if (found.theirs.failed || found.ours.failed) {
    return false;
  }
  if (!difference(found.theirs, found.ours, false) &&
      begins_with(found.question, {"sort", "sort_desc"})) {
    return std::ranges::equal(found.theirs.series, found.ours.series,
                              [](const auto& a, const auto& b) {
                                return same_value(a.points.front().value, b.points.front().value);
                              });
  }
  // Of zeros the sign is that of the first.
  if (begins_with(found.question, {"max", "min"})) {
    return values_differ(found.theirs, found.ours, [](double, double) { return false; });
  }
  const auto same = [](const Point& a, const Point& b) {
    return a.time_ms == b.time_ms && same_value(a.value, b.value);
  };
  return begins_with(found.question, {"topk", "bottomk"}) &&
         std::ranges::equal(values_of(found.theirs), values_of(found.ours), same);
}

// The numbers among the values of labels with nine digits only; what then is one series, as one.
Answer rounded(const Answer& answer) {
  std::map<std::string, AnswerSeries> all;
  for (const AnswerSeries& series : answer.series) {
    std::string labels;
    for (const std::string_view part : base::split(series.labels, '"')) {
      const std::optional<double> number = base::parse_number(part);
      labels += number ? fmt::format("{:.8e}", *number) : std::string(part);
      labels += '"';
    }
    AnswerSeries& whole = all[labels];
    whole.labels = labels;
    whole.points.insert(whole.points.end(), series.points.begin(), series.points.end());
  }
  Answer result = answer;
  result.series.clear();
  for (auto& [labels, series] : all) {
    std::ranges::sort(series.points, {}, &Point::time_ms);
    result.series.push_back(std::move(series));
  }
  return result;
}

bool counted_inexact_values(const Disagreement& found) {
  return begins_with(found.question, {"count_values"}) && !found.theirs.failed &&
         !found.ours.failed && !difference(rounded(found.theirs), rounded(found.ours), false);
}

bool buckets_without_number(const Disagreement& found) {
  return begins_with(found.question, {"histogram_quantile"}) &&
         found.question.expression.find("no_number_buckets") != std::string::npos &&
         values_differ(found.theirs, found.ours, [](double, double) { return true; });
}

// The largest finite number among what was told to both.
double largest(const std::vector<Answers>& answers) {
  double most = 0;
  for (const Answers& one : answers) {
    for (const AnswerSeries& series : one.theirs.series) {
      for (const Point& point : series.points) {
        most = std::isfinite(point.value) ? std::max(most, std::abs(point.value)) : most;
      }
    }
  }
  return most;
}

// A compensated sum that has become infinite stays so; in 2.42 its compensation is no number.
bool stays_infinite(double a, double b) { return std::isnan(a) && std::isinf(b); }

// Sums of numbers that cancel each other out, and zeros whose sign alone differs, since a
// compensation is added to what was -0. Squares for deviations.
bool compensated_sum(const Disagreement& found) {
  const bool squares = begins_with(found.question, {"stdvar", "stdvar_over_time"});
  const double most = largest(found.within);
  const double limit = 1e-9 * (squares ? most * most : most);
  return begins_with(found.question,
                     {"sum", "avg", "sum_over_time", "avg_over_time", "stddev", "stdvar",
                      "stddev_over_time", "stdvar_over_time", "deriv", "predict_linear"}) &&
         values_differ(found.theirs, found.ours, [limit](double a, double b) {
           return std::abs(a - b) <= limit || stays_infinite(a, b);
         });
}

// What resets took away is added together before it is added to the rest.
bool order_of_additions(const Disagreement& found) {
  const double limit = 1e-9 * largest(found.within);
  return begins_with(found.question, {"rate", "increase"}) &&
         values_differ(found.theirs, found.ours,
                       [limit](double a, double b) { return std::abs(a - b) <= limit; });
}

// The arguments agree to nine digits and more, but not to the last bit.
bool amplified_last_digits(const Disagreement& found) {
  bool inexact = false;
  for (const Answers& argument : found.within) {
    if (difference(argument.theirs, argument.ours, false)) {
      return false;
    }
    inexact = inexact || printed(argument.theirs) != printed(argument.ours);
  }
  return inexact && !found.theirs.failed && !found.ours.failed;
}

// What is constant was computed once, at the first step behind the window when there is none in it.
bool outside_the_window(const Disagreement& found) {
  const auto later = [&found](const Point& point) { return point.time_ms > found.question.end_ms; };
  return !found.question.range && found.question.expression.ends_with(']') && found.ours.empty() &&
         !found.theirs.failed &&
         std::ranges::all_of(found.theirs.series, [&later](const AnswerSeries& series) {
           return std::ranges::all_of(series.points, later);
         });
}

bool any_label_name(const Disagreement& found) {
  return found.theirs.failed && !found.ours.failed &&
         found.theirs.error.find("invalid destination label name") != std::string::npos;
}

bool wrongly_scoped_at(const Disagreement& found) {
  return found.question.range && found.question.expression.find('@') != std::string::npos &&
         found.instants &&
         (!difference(*found.instants, found.ours, false) ||
          (begins_with(found.question, {"deriv", "predict_linear"}) &&
           values_differ(*found.instants, found.ours, stays_infinite)));
}

// Series that have the same labels afterwards, but never at the same time.
bool merged_turns(const Disagreement& found) {
  const bool changes_labels = begins_with(found.question, {"label_replace", "label_join"}) ||
                              found.question.expression.starts_with('-');
  return changes_labels && found.theirs.error.find("same labelset") != std::string::npos &&
         found.instants && !difference(*found.instants, found.ours, false);
}

// After the first step of a range 2.42 forgets labels that come after the value's.
bool counted_by_in_ranges(const Disagreement& found) {
  return found.question.range && begins_with(found.question, {"count_values"}) && found.instants &&
         !difference(rounded(*found.instants), rounded(found.ours), false);
}

// 2.42 looks for the sample without the offset, and forgets it when it is too far away.
bool timestamp_with_at(const Disagreement& found) {
  return begins_with(found.question, {"timestamp"}) && !found.theirs.failed && !found.ours.failed &&
         found.question.expression.find('@') != std::string::npos &&
         found.question.expression.find("offset") != std::string::npos;
}

// Where Go's package math is not exact: logarithms of subnormal numbers, the sign of atan2 when the
// quotient is too small for a number, exp and its sums whose result is nearly too large for one.
bool mathematics(const Disagreement& found) {
  const auto subnormal = [](double x) { return std::fpclassify(x) == FP_SUBNORMAL; };
  if (begins_with(found.question, {"ln", "log2", "log10"})) {
    return std::ranges::any_of(found.within, [&subnormal](const Answers& argument) {
      return std::ranges::any_of(argument.ours.series, [&subnormal](const AnswerSeries& series) {
        return std::ranges::any_of(series.points, subnormal, &Point::value);
      });
    });
  }
  if (begins_with(found.question, {"exp", "cosh", "sinh"})) {
    return values_differ(found.theirs, found.ours,
                         [](double a, double b) { return std::isinf(a) && std::abs(b) > 8e307; });
  }
  return found.question.expression.find(" atan2 ") != std::string::npos &&
         values_differ(nameless(found.theirs), found.ours,
                       [](double a, double b) { return same_value(std::abs(a), std::abs(b)); });
}

std::vector<Exclusion> make_table() {
  return {
      {"rate-extrapolation",
       "2.51: [BUGFIX] PromQL: Constrain extrapolation in rate() to half of sample interval #13725",
       &extrapolation},
      {"deviation-of-no-number",
       "3.0: [BUGFIX] PromQL: Fix stddev+stdvar aggregations to treat Infinity consistently #14941",
       &deviation_of_no_number},
      {"buckets-without-number",
       "2.49: [BUGFIX] PromQL: Fix inaccuracies of histogram_quantile with classic histograms "
       "#13153",
       &buckets_without_number},
      {"compensated-sum",
       "2.54: [ENHANCEMENT] PromQL: use Kahan summation for sum() #14074, #14362; 2.55: "
       "[ENHANCEMENT] PromQL: Use Kahan summation for better accuracy in avg and avg_over_time "
       "#14413",
       &compensated_sum},
      {"amplified-last-digits",
       "nothing of PromQL: Go's and C's mathematical functions differ in the last digit of "
       "arguments, "
       "which the outermost one makes visible",
       &amplified_last_digits},
      {"order-of-additions",
       "nothing of PromQL: what a counter lost in resets is added up before it is added to the "
       "rest, "
       "which shows where both cancel each other out to a millionth",
       &order_of_additions},
      {"counted-inexact-values", "the same, where count_values makes labels of the last digits",
       &counted_inexact_values},
      {"wrongly-scoped-at",
       "2.51: [BUGFIX] PromQL: Fix wrongly scoped range vectors with @ modifier #13559",
       &wrongly_scoped_at},
      {"counted-by-in-ranges",
       "2.52, without a line: aggregations were written anew (#13744), and count_values groups by "
       "all labels after the first step of a range too, as each of its instants does in 2.42",
       &counted_by_in_ranges},
      {"outside-the-window",
       "3.x, without a line: nothing is evaluated when the last step comes before the first; 2.42 "
       "gave a constant's sample behind the window of a subquery that has no step in it",
       &outside_the_window},
      {"timestamp-with-at",
       "2.47: [ENHANCEMENT] PromQL: More efficient evaluation of query with timestamp() #12579, "
       "which "
       "no longer forgets samples when there are both @ and offset",
       &timestamp_with_at},
      {"name-after-atan2",
       "2.47, without a line: Drop metric name for \"atan2\" binary operator #12595",
       &name_after_atan2},
      {"mathematics", "nothing of PromQL: where Go's functions are less exact than C's",
       &mathematics},
      {"removed-by-comparison",
       "3.9: [BUGFIX] PromQL: Check more consistently for many-to-one matching in filter binary "
       "operators #17668",
       &removed_by_comparison},
      {"merged-turns",
       "3.9: [BUGFIX] PromQL: Fix collision in label_join and label_replace with non-overlapping "
       "series #17703, and in unary negation #17708",
       &merged_turns},
      {"any-label-name",
       "3.0: [CHANGE] UTF-8: Enable UTF-8 support by default #14705; label_replace and label_join "
       "too",
       &any_label_name},
      {std::string_view(kChoiceAmongEquals),
       "nowhere said: which of equal values topk, bottomk and sort prefer; Prometheus' own choice "
       "varies from one time to the next",
       &choice_among_equals},
  };
}

}  // namespace

std::span<const Exclusion> exclusions() {
  static const std::vector<Exclusion> kTable = make_table();
  return kTable;
}

const Exclusion* find_exclusion(const Disagreement& found) {
  const auto all = exclusions();
  const auto known = std::ranges::find_if(
      all, [&found](const Exclusion& exclusion) { return exclusion.applies(found); });
  return known == all.end() ? nullptr : &*known;
}

}  // namespace tocsin::differential
