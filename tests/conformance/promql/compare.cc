#include "conformance/promql/compare.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"
#include "model/histogram.h"
#include "model/sample.h"

namespace tocsin::promqltest {
namespace {

// One point of a series. What is expected may leave the counter reset hint open.
struct Point {
  double value = 0;
  model::HistogramPtr histogram{};
  bool any_reset = false;
};
using Points = std::map<std::int64_t, Point>;
using Table = std::map<model::Labels, Points>;

std::string_view name_of(model::CounterReset reset) {
  switch (reset) {
    case model::CounterReset::kReset:
      return "reset";
    case model::CounterReset::kNotReset:
      return "not_reset";
    case model::CounterReset::kGauge:
      return "gauge";
    case model::CounterReset::kUnknown:
      break;
  }
  return "unknown";
}

std::string show(const Point& point) {
  if (!point.histogram) {
    return model::is_stale(point.value) ? "stale" : base::format_number_short(point.value);
  }
  const model::Histogram& histogram = *point.histogram;
  std::string text = "{schema:" + std::to_string(histogram.schema) + " " +
                     std::string(name_of(histogram.reset)) +
                     " zero:" + base::format_number_short(histogram.zero_threshold);
  for (const double bound : histogram.bounds) {
    text += " " + base::format_number_short(bound);
  }
  return text + "}" + model::to_string(histogram);
}

std::string show(const Points& points) {
  std::string text;
  for (const auto& [time, point] : points) {
    text += " " + show(point) + "@" + std::to_string(time);
  }
  return text;
}

std::string show(const Table& table) {
  std::string text;
  for (const auto& [labels, points] : table) {
    text += "    " + labels.to_string() + show(points) + "\n";
  }
  return text.empty() ? "    nothing\n" : text;
}

bool same(const model::HistogramBuckets& a, const model::HistogramBuckets& b) {
  return std::ranges::equal(a, b, [](const auto& left, const auto& right) {
    return left.index == right.index && nearly_equal(left.count, right.count);
  });
}

bool same(const Point& expected, const Point& got) {
  if (!expected.histogram || !got.histogram) {
    return !expected.histogram && !got.histogram && nearly_equal(expected.value, got.value);
  }
  model::Histogram a = *expected.histogram;
  model::Histogram b = *got.histogram;
  a.compact();
  b.compact();
  return a.schema == b.schema && (expected.any_reset || a.reset == b.reset) &&
         nearly_equal(a.count, b.count) && nearly_equal(a.sum, b.sum) &&
         nearly_equal(a.zero_threshold, b.zero_threshold) &&
         nearly_equal(a.zero_count, b.zero_count) && a.bounds == b.bounds &&
         same(a.positive, b.positive) && same(a.negative, b.negative);
}

bool same(const Points& a, const Points& b) {
  return std::ranges::equal(a, b, [](const auto& left, const auto& right) {
    return left.first == right.first && same(left.second, right.second);
  });
}

bool same(const Table& a, const Table& b) {
  return std::ranges::equal(a, b, [](const auto& left, const auto& right) {
    return left.first == right.first && same(left.second, right.second);
  });
}

Table expected_table(const Eval& eval) {
  Table table;
  const Steps steps = eval.range_vector.value_or(eval.steps);
  for (const testing::NotedSeries& series : eval.series) {
    Points& points = table[series.labels];
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      const std::int64_t time = steps.start_ms + static_cast<std::int64_t>(i) * steps.step_ms;
      if (const auto* histogram = series.histogram(i)) {
        points[time] = {0, histogram->histogram, !histogram->states_reset};
      } else if (series.values[i]) {
        points[time] = {*series.values[i]};
      }
    }
    if (points.empty() && !eval.instant) {
      table.erase(series.labels);
    }
  }
  return table;
}

Table table_of(const promql::Matrix& matrix) {
  Table table;
  for (const promql::MatrixSeries& series : matrix) {
    for (const model::Sample& sample : series.samples) {
      table[series.labels][sample.time_ms] = {sample.value};
    }
    for (const model::HistogramSample& sample : series.histograms) {
      table[series.labels][sample.time_ms] = {0, sample.histogram};
    }
  }
  return table;
}

Table table_of(const promql::Vector& vector, std::int64_t time_ms) {
  Table table;
  for (const promql::VectorElement& element : vector) {
    table[element.labels][time_ms] = {element.value, element.histogram};
  }
  return table;
}

std::string compare_tables(const Table& expected, const Table& got) {
  if (same(expected, got)) {
    return {};
  }
  return "  expected\n" + show(expected) + "  got\n" + show(got);
}

std::string compare_order(const Eval& eval, const promql::Vector& vector) {
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (eval.series[i].labels != vector[i].labels) {
      return "  position " + std::to_string(i) + ": expected " + eval.series[i].labels.to_string() +
             ", got " + vector[i].labels.to_string() + "\n";
    }
  }
  return {};
}

std::string compare_value(const Eval& eval, const promql::Value& value, bool order) {
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    if (eval.scalar && nearly_equal(*eval.scalar, scalar->value)) {
      return {};
    }
    return "  expected " +
           (eval.scalar ? base::format_number_short(*eval.scalar) : std::string("no scalar")) +
           ", got " + base::format_number_short(scalar->value) + "\n";
  }
  if (const auto* text = std::get_if<promql::String>(&value)) {
    return eval.string == text->value ? std::string() : "  got the string " + text->value + "\n";
  }
  if (eval.scalar || eval.string) {
    return "  expected a scalar or string, got a vector\n";
  }
  if (const auto* matrix = std::get_if<promql::Matrix>(&value)) {
    if (eval.instant && !eval.range_vector) {
      return "  got a range vector\n";
    }
    return compare_tables(expected_table(eval), table_of(*matrix));
  }
  if (eval.range_vector) {
    return "  expected a range vector, got an instant vector\n";
  }
  const auto& vector = std::get<promql::Vector>(value);
  Table got = table_of(vector, eval.steps.start_ms);
  std::string problem = compare_tables(expected_table(eval), got);
  if (problem.empty() && got.size() != vector.size()) {
    problem = "  two elements have the same labels\n";
  }
  return problem.empty() && order && eval.ordered ? compare_order(eval, vector) : problem;
}

bool fits(const std::optional<ExpectedText>& expected, const std::string& text) {
  if (!expected) {
    return true;
  }
  return expected->regex ? re2::RE2::PartialMatch(text, expected->text) : expected->text == text;
}

std::string compare_notes(const ExpectedNotes& expected, const std::vector<std::string>& got,
                          std::string_view level) {
  if (expected.none && !got.empty()) {
    return "  unexpected " + std::string(level) + ": " + got.front() + "\n";
  }
  if (expected.each.empty()) {
    return {};
  }
  for (const auto& one : expected.each) {
    if (std::ranges::none_of(got, [&](const auto& text) { return fits(one, text); })) {
      return "  missing " + std::string(level) + ": " + (one ? one->text : "any") +
             "\n  got: " + base::join(got, "; ") + "\n";
    }
  }
  for (const std::string& text : got) {
    if (std::ranges::none_of(expected.each, [&](const auto& one) { return fits(one, text); })) {
      return "  unexpected " + std::string(level) + ": " + text + "\n";
    }
  }
  return {};
}

}  // namespace

bool nearly_equal(double a, double b) {
  if (model::is_stale(a) || model::is_stale(b)) {
    return model::is_stale(a) && model::is_stale(b);
  }
  if (a == b || (std::isnan(a) && std::isnan(b))) {
    return true;
  }
  constexpr double kTolerance = 1e-6;
  constexpr double kSmallest = std::numeric_limits<double>::min();
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < kSmallest) {
    return difference < kTolerance * kSmallest;
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

std::string compare(const Eval& eval, const base::Result<promql::Evaluation>& outcome) {
  if (!outcome) {
    if (eval.fails && (!eval.failure || fits(eval.failure, outcome.error().message()))) {
      return {};
    }
    return "  error: " + outcome.error().message() + "\n" +
           (eval.failure ? "  expected: " + eval.failure->text + "\n" : std::string());
  }
  if (eval.fails) {
    return "  expected an error\n";
  }
  std::string problem = compare_notes(eval.warnings, outcome->warnings, "warning");
  if (problem.empty()) {
    problem = compare_notes(eval.infos, outcome->infos, "info");
  }
  return problem.empty() ? compare_value(eval, outcome->value, true) : problem;
}

std::string compare_again(const Eval& eval, const base::Result<promql::Evaluation>& outcome) {
  if (!outcome) {
    return "  error: " + outcome.error().message() + "\n";
  }
  return compare_value(eval, outcome->value, false);
}

std::string compare_step(const Eval& eval, const base::Result<promql::Evaluation>& outcome,
                         std::int64_t time_ms) {
  if (!outcome) {
    return "  error: " + outcome.error().message() + "\n";
  }
  Table got;
  for (const auto& [labels, points] : table_of(std::get<promql::Matrix>(outcome->value))) {
    if (const auto point = points.find(time_ms); point != points.end()) {
      got[labels][time_ms] = point->second;
    }
  }
  Table expected = expected_table(eval);
  if (eval.scalar) {
    expected[model::Labels()][time_ms] = {*eval.scalar};
  }
  return compare_tables(expected, got);
}

}  // namespace tocsin::promqltest
