#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin::differential {

/// When a query is evaluated.
struct Question {
  std::string expression;
  bool range = false;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;      ///< instant: the same as start_ms
  std::int64_t step_ms = 1000;  ///< of a range

  /// For people: `EXPR @ 1700000000.113`, or with start, end and step.
  std::string to_string() const;
};

struct Point {
  std::int64_t time_ms = 0;
  double value = 0;
  std::string text;  ///< the value as it was printed
};

struct AnswerSeries {
  std::string labels;  ///< canonical: sorted, quoted
  std::vector<Point> points;
};

/// What a server said, read from its JSON.
struct Answer {
  bool failed = false;
  std::string error_type;
  std::string error;
  std::string result_type;
  std::vector<AnswerSeries> series;  ///< scalars and strings: one without labels

  bool empty() const { return !failed && series.empty(); }
};

struct Answers {
  Answer theirs;
  Answer ours;
};

base::Result<Answer> read_answer(const std::string& json);

/// Whether two values are the same to a relative 1e-9: NaN is NaN, infinities are exact.
bool same_value(double a, double b);

/// What is different, in one line; nothing when they agree: both failed, or the same type, series,
/// times and values. Order counts for range results, and for instant ones when `ordered`.
std::optional<std::string> difference(const Answer& theirs, const Answer& ours, bool ordered);

/// Whether the order of the result is part of the question: ranges, sort() and sort_desc().
bool order_counts(const Question& question);

}  // namespace tocsin::differential
