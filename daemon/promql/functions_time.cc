#include <chrono>
#include <cmath>

#include "promql/call_frame.h"
#include "promql/functions.h"

/// Functions of time, all in UTC.
namespace tocsin::promql {
namespace {

using Parameters = std::span<const double>;
using Seconds = std::chrono::sys_seconds;

// Values outside of the years that the calendar of the standard library knows are cut to them.
Seconds to_time(double value) {
  constexpr double kFirst = -1.0e12;
  constexpr double kLast = 9.0e11;
  const double cut = std::isnan(value) ? 0 : std::trunc(std::fmin(std::fmax(value, kFirst), kLast));
  return Seconds(std::chrono::seconds(static_cast<std::int64_t>(cut)));
}

std::chrono::sys_days day_of(double value) {
  return std::chrono::floor<std::chrono::days>(to_time(value));
}
std::chrono::year_month_day date_of(double value) { return {day_of(value)}; }
std::chrono::hh_mm_ss<std::chrono::seconds> clock_of(double value) {
  return std::chrono::hh_mm_ss(to_time(value) - day_of(value));
}

double year(double v, Parameters) { return static_cast<int>(date_of(v).year()); }
double month(double v, Parameters) { return static_cast<unsigned>(date_of(v).month()); }
double day_of_month(double v, Parameters) { return static_cast<unsigned>(date_of(v).day()); }
double day_of_week(double v, Parameters) { return std::chrono::weekday(day_of(v)).c_encoding(); }
double day_of_year(double v, Parameters) {
  const auto first = std::chrono::sys_days(date_of(v).year() / std::chrono::January / 1);
  return static_cast<double>((day_of(v) - first).count() + 1);
}
double days_in_month(double v, Parameters) {
  const auto date = date_of(v);
  return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
}
double hour(double v, Parameters) { return static_cast<double>(clock_of(v).hours().count()); }
double minute(double v, Parameters) { return static_cast<double>(clock_of(v).minutes().count()); }

base::Result<Operand> time(CallFrame& frame) {
  frame.evaluator.holds_until(frame.time_ms);
  return Operand(static_cast<double>(frame.time_ms) / 1000.0);
}

base::Result<Operand> timestamp(CallFrame& frame) {
  const Expr& argument = without_parens(*frame.call.arguments[0]);
  Elements elements;
  if (const auto* selector = std::get_if<Selector>(&argument.node)) {
    auto status = frame.evaluator.each_sample(
        *selector, frame.time_ms, [&](const model::Labels& labels, const series::Point& sample) {
          elements.push_back(
              {labels, static_cast<double>(sample.time_ms) / 1000.0, false, nullptr});
        });
    if (!status) {
      return status.error();
    }
  } else {
    frame.evaluator.holds_until(frame.time_ms);
    elements = std::move(frame.vector(0));
    for (Element& element : elements) {
      element.set(static_cast<double>(frame.time_ms) / 1000.0);
    }
  }
  auto status =
      frame.evaluator.drop_names(elements, has_one_name(argument), CallContext::Names::kSettled);
  if (!status) {
    return status.error();
  }
  return Operand(std::move(elements));
}

// Without an argument these take vector(time()).
Function row(std::string_view name, ElementFunction run, std::string_view doc) {
  return {name, {ValueType::kVector}, 1, ValueType::kVector, run, doc};
}

}  // namespace

std::vector<Function> time_functions() {
  std::vector<Function> rows = {
      row("year", &year, "year"),
      row("month", &month, "month, 1 to 12"),
      row("day_of_month", &day_of_month, "day of the month, 1 to 31"),
      row("day_of_week", &day_of_week, "day of the week, 0 is Sunday"),
      row("day_of_year", &day_of_year, "day of the year, 1 to 366"),
      row("days_in_month", &days_in_month, "how many days the month has"),
      row("hour", &hour, "hour, 0 to 23"),
      row("minute", &minute, "minute, 0 to 59"),
      {"time", {}, 0, ValueType::kScalar, &time, "time of the evaluation in seconds"},
      {"timestamp",
       {ValueType::kVector},
       0,
       ValueType::kVector,
       &timestamp,
       "time of each sample in seconds"},
  };
  for (Function& row : rows) {
    row.uses_time = row.name == "time" || row.name == "timestamp";
    if (row.name == "time") {
      row.form = Form::kTime;
    } else if (row.name == "timestamp") {
      row.form = Form::kTimestamp;
    }
  }
  return rows;
}

}  // namespace tocsin::promql
