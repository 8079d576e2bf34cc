#include <chrono>
#include <cstdint>
#include <limits>

#include "promql/call_frame.h"
#include "promql/functions.h"

/// Functions of time, all in UTC.
namespace tocsin::promql {
namespace {

using Parameters = std::span<const double>;
// The calendar of Go's package time, which every double has a place in: seconds are counted modulo
// 2^64 from the first of January of a year far before the Big Bang. Years repeat every 400, and
// that one is, like 2001, the first of a cycle and begins on a Monday.
constexpr std::uint64_t kSecondsPerDay = 86'400;
constexpr std::uint64_t kDaysPerCycle = 146'097;
constexpr std::int64_t kFirstYear = -292'277'022'399;
constexpr std::int64_t kFirstYearOfCycle = 2001;
constexpr std::uint64_t kDaysUntil1970 =
    static_cast<std::uint64_t>(kFirstYearOfCycle - kFirstYear) / 400 * kDaysPerCycle - 11'323;

// What does not fit 64 bits becomes the smallest number, as on amd64.
std::int64_t to_integer(double value) {
  constexpr double kLimit = 0x1p63;
  return value >= -kLimit && value < kLimit ? static_cast<std::int64_t>(value)
                                            : std::numeric_limits<std::int64_t>::min();
}

std::uint64_t seconds_of(double value) {
  return static_cast<std::uint64_t>(to_integer(value)) + kDaysUntil1970 * kSecondsPerDay;
}
std::uint64_t day_of(double value) { return seconds_of(value) / kSecondsPerDay; }

// The date at the same place of the cycle that begins in 2001.
std::chrono::sys_days day_in_cycle(double value) {
  const auto first = std::chrono::sys_days(std::chrono::year(kFirstYearOfCycle) / 1 / 1);
  return first + std::chrono::days(day_of(value) % kDaysPerCycle);
}
std::chrono::year_month_day date_of(double value) { return {day_in_cycle(value)}; }

double year(double v, Parameters) {
  const std::int64_t within = static_cast<int>(date_of(v).year()) - kFirstYearOfCycle;
  const auto cycles = static_cast<std::int64_t>(day_of(v) / kDaysPerCycle);
  return static_cast<double>(kFirstYear + cycles * 400 + within);
}
double month(double v, Parameters) { return static_cast<unsigned>(date_of(v).month()); }
double day_of_month(double v, Parameters) { return static_cast<unsigned>(date_of(v).day()); }
double day_of_week(double v, Parameters) { return static_cast<double>((day_of(v) + 1) % 7); }
double day_of_year(double v, Parameters) {
  const auto first = std::chrono::sys_days(date_of(v).year() / std::chrono::January / 1);
  return static_cast<double>((day_in_cycle(v) - first).count() + 1);
}
double days_in_month(double v, Parameters) {
  const auto date = date_of(v);
  return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
}
double hour(double v, Parameters) {
  const auto whole_hours = seconds_of(v) % kSecondsPerDay / 3600;
  return static_cast<double>(whole_hours);
}
double minute(double v, Parameters) {
  const auto whole_minutes = seconds_of(v) % 3600 / 60;
  return static_cast<double>(whole_minutes);
}

base::Result<Operand> time(CallFrame& frame) {
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

// Only selectors know when the counting of their samples began.
base::Result<Operand> start_timestamp(CallFrame& frame) {
  const Expr& argument = without_parens(*frame.call.arguments[0]);
  const auto* selector = std::get_if<Selector>(&argument.node);
  Elements elements;
  if (selector == nullptr) {
    return Operand(std::move(elements));
  }
  auto read = frame.evaluator.each_sample(
      *selector, frame.time_ms, [&](const model::Labels& labels, const series::Point& point) {
        elements.push_back({labels, static_cast<double>(point.start_ms) / 1000.0, false, nullptr});
      });
  if (!read) {
    return read.error();
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
      row("year", &year, "year, in UTC"),
      row("month", &month, "month, 1 to 12, in UTC"),
      row("day_of_month", &day_of_month, "day of the month, 1 to 31, in UTC"),
      row("day_of_week", &day_of_week, "day of the week, 0 is Sunday, in UTC"),
      row("day_of_year", &day_of_year, "day of the year, 1 to 366, in UTC"),
      row("days_in_month", &days_in_month, "how many days the month has, in UTC"),
      row("hour", &hour, "hour, 0 to 23, in UTC"),
      row("minute", &minute, "minute, 0 to 59, in UTC"),
      {"time", {}, 0, ValueType::kScalar, &time, "time of the evaluation in seconds"},
      {"timestamp",
       {ValueType::kVector},
       0,
       ValueType::kVector,
       &timestamp,
       "time of each sample in seconds"},
      {"start_timestamp",
       {ValueType::kVector},
       0,
       ValueType::kVector,
       &start_timestamp,
       "when the counting of each sample began, in seconds; 0 where not known"},
  };
  for (Function& row : rows) {
    row.uses_time = row.name == "time" || row.name.ends_with("timestamp");
    row.experimental = row.name == "start_timestamp";
    if (row.name == "time") {
      row.form = Form::kTime;
    } else if (row.name == "timestamp") {
      row.form = Form::kTimestamp;
    }
  }
  return rows;
}

}  // namespace tocsin::promql
