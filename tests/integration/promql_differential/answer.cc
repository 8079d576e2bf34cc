#include "integration/promql_differential/answer.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"

namespace tocsin::differential {
namespace {

namespace json = boost::json;
using base::Error;
using base::ErrorCode;

constexpr double kTolerance = 1e-9;

std::string seconds(std::int64_t milliseconds) {
  return base::format_number(static_cast<double>(milliseconds) / 1000);
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string().c_str()) : "";
}

std::string canonical(const json::value& metric) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : metric.as_object()) {
    sorted[std::string(name)] = std::string(value.as_string().c_str());
  }
  std::string labels;
  for (const auto& [name, value] : sorted) {
    labels += (labels.empty() ? "" : ", ") + name + "=" + base::quote(value);
  }
  return "{" + labels + "}";
}

Point point_of(const json::value& pair, bool number) {
  const json::array& parts = pair.as_array();
  Point point;
  point.time_ms = std::llround(parts.at(0).to_number<double>() * 1000);
  point.text = std::string(parts.at(1).as_string().c_str());
  if (number) {
    // A text that is no number is a fault that no value may hide.
    point.value = base::parse_number(point.text).value();
  }
  return point;
}

Answer read(const json::object& object) {
  Answer answer;
  if (text_of(object, "status") != "success") {
    answer.failed = true;
    answer.error_type = text_of(object, "errorType");
    answer.error = text_of(object, "error");
    return answer;
  }
  const json::object& data = object.at("data").as_object();
  answer.result_type = text_of(data, "resultType");
  const json::array& result = data.at("result").as_array();
  if (answer.result_type == "scalar" || answer.result_type == "string") {
    answer.series.push_back({"{}", {point_of(result, answer.result_type == "scalar")}});
    return answer;
  }
  for (const json::value& item : result) {
    AnswerSeries series;
    series.labels = canonical(item.at("metric"));
    if (const json::value* value = item.as_object().if_contains("value")) {
      series.points.push_back(point_of(*value, true));
    } else {
      for (const json::value& pair : item.at("values").as_array()) {
        series.points.push_back(point_of(pair, true));
      }
    }
    answer.series.push_back(std::move(series));
  }
  return answer;
}

std::string shown(const Answer& answer) {
  return answer.failed ? answer.error_type + ": " + answer.error
                       : answer.result_type + " of " + std::to_string(answer.series.size());
}

std::optional<std::string> difference(const AnswerSeries& theirs, const AnswerSeries& ours) {
  const std::size_t common = std::min(theirs.points.size(), ours.points.size());
  for (std::size_t i = 0; i < common; ++i) {
    const Point& their = theirs.points[i];
    const Point& our = ours.points[i];
    const std::string where = theirs.labels + " at " + seconds(their.time_ms) + ": ";
    if (their.time_ms != our.time_ms) {
      return where + "the other point is at " + seconds(our.time_ms);
    }
    const bool same_bits = their.value == our.value || std::isnan(their.value);
    if (!same_value(their.value, our.value) || (same_bits && their.text != our.text)) {
      return where + their.text + " and " + our.text;
    }
  }
  if (theirs.points.size() != ours.points.size()) {
    return theirs.labels + ": " + std::to_string(theirs.points.size()) + " and " +
           std::to_string(ours.points.size()) + " points";
  }
  return std::nullopt;
}

std::string names_only_in(const std::map<std::string, const AnswerSeries*>& one,
                          const std::map<std::string, const AnswerSeries*>& other) {
  for (const auto& [labels, series] : one) {
    if (!other.contains(labels)) {
      return labels;
    }
  }
  return {};
}

}  // namespace

std::string Question::to_string() const {
  if (!range) {
    return expression + "  at " + seconds(start_ms);
  }
  return expression + "  from " + seconds(start_ms) + " to " + seconds(end_ms) + " step " +
         seconds(step_ms);
}

base::Result<Answer> read_answer(const std::string& text) {
  try {
    return read(json::parse(text).as_object());
  } catch (const std::exception& problem) {
    return Error(ErrorCode::kCorrupt, std::string(problem.what()) + ": " + text.substr(0, 200));
  }
}

bool same_value(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) {
    return std::isnan(a) && std::isnan(b);
  }
  if (a == b) {
    return true;
  }
  // Subnormal numbers have fewer digits the smaller they are.
  const double scale = std::max({std::abs(a), std::abs(b), std::numeric_limits<double>::min()});
  return std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= kTolerance * scale;
}

std::optional<std::string> difference(const Answer& theirs, const Answer& ours, bool ordered) {
  if (theirs.failed || ours.failed) {
    if (theirs.failed && ours.failed && theirs.error_type == ours.error_type) {
      return std::nullopt;
    }
    return shown(theirs) + ", and " + shown(ours);
  }
  if (theirs.result_type != ours.result_type) {
    return theirs.result_type + " and " + ours.result_type;
  }
  std::map<std::string, const AnswerSeries*> their_map;
  std::map<std::string, const AnswerSeries*> our_map;
  for (const AnswerSeries& series : theirs.series) {
    their_map[series.labels] = &series;
  }
  for (const AnswerSeries& series : ours.series) {
    our_map[series.labels] = &series;
  }
  if (const std::string missing = names_only_in(their_map, our_map); !missing.empty()) {
    return "missing: " + missing;
  }
  if (const std::string extra = names_only_in(our_map, their_map); !extra.empty()) {
    return "not theirs: " + extra;
  }
  if (theirs.series.size() != ours.series.size()) {
    return std::to_string(theirs.series.size()) + " and " + std::to_string(ours.series.size()) +
           " series";
  }
  for (const auto& [labels, series] : their_map) {
    if (auto found = difference(*series, *our_map[labels])) {
      return found;
    }
  }
  // A range vector at an instant comes in the order of storage.
  if (ordered) {
    for (std::size_t i = 0; i < theirs.series.size(); ++i) {
      if (theirs.series[i].labels != ours.series[i].labels) {
        return "order: " + theirs.series[i].labels + " and " + ours.series[i].labels;
      }
    }
  }
  return std::nullopt;
}

bool order_counts(const Question& question) {
  return question.range || question.expression.starts_with("sort(") ||
         question.expression.starts_with("sort_desc(");
}

}  // namespace tocsin::differential
