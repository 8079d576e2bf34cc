#include "templates/time_format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

#include "templates/numbers.h"

namespace tocsin::templates {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array kMonths = {"January",   "February", "March",    "April",
                                "May",       "June",     "July",     "August",
                                "September", "October",  "November", "December"};
constexpr std::array kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};

/// A time in its zone, taken apart.
struct Parts {
  explicit Parts(const Time& time) {
    const auto local = time.when + seconds(time.offset_seconds);
    const auto day = std::chrono::floor<days>(local);
    date = std::chrono::year_month_day(day);
    clock = std::chrono::hh_mm_ss<milliseconds>(local - day);
    weekday = std::chrono::weekday(day).c_encoding();
    year_day = static_cast<int>(
        (day - std::chrono::sys_days(date.year() / std::chrono::January / 1)).count() + 1);
  }
  int year() const { return static_cast<int>(date.year()); }
  unsigned month() const { return static_cast<unsigned>(date.month()); }
  unsigned day() const { return static_cast<unsigned>(date.day()); }
  int hour() const { return static_cast<int>(clock.hours().count()); }
  int minute() const { return static_cast<int>(clock.minutes().count()); }
  int second() const { return static_cast<int>(clock.seconds().count()); }
  int millisecond() const { return static_cast<int>(clock.subseconds().count()); }

  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<milliseconds> clock;
  unsigned weekday = 0;
  int year_day = 0;
};

std::string digits(int value, int width, char fill = '0') {
  std::string text = std::to_string(value);
  if (text.size() < static_cast<std::size_t>(width)) {
    text.insert(0, static_cast<std::size_t>(width) - text.size(), fill);
  }
  return text;
}

std::string offset_text(int offset, bool colon, bool zulu) {
  if (zulu && offset == 0) {
    return "Z";
  }
  const int minutes = std::abs(offset) / 60;
  return (offset < 0 ? "-" : "+") + digits(minutes / 60, 2) + (colon ? ":" : "") +
         digits(minutes % 60, 2);
}

int hour12(int hour) { return hour % 12 == 0 ? 12 : hour % 12; }

using Writer = std::string (*)(const Parts&, const Time&);
struct Element {
  std::string_view name;
  Writer write;
};

/// Longer names first where one begins with the other.
constexpr auto kElements = std::to_array<Element>({
    {"January", [](const Parts& p, const Time&) { return std::string(kMonths[p.month() - 1]); }},
    {"Jan", [](const Parts& p, const Time&) { return std::string(kMonths[p.month() - 1], 3); }},
    {"Monday", [](const Parts& p, const Time&) { return std::string(kWeekdays[p.weekday]); }},
    {"Mon", [](const Parts& p, const Time&) { return std::string(kWeekdays[p.weekday], 3); }},
    {"MST", [](const Parts&, const Time& t) { return t.zone; }},
    {"2006", [](const Parts& p, const Time&) { return digits(p.year(), 4); }},
    {"-07:00",
     [](const Parts&, const Time& t) { return offset_text(t.offset_seconds, true, false); }},
    {"-0700",
     [](const Parts&, const Time& t) { return offset_text(t.offset_seconds, false, false); }},
    {"-07", [](const Parts&,
               const Time& t) { return offset_text(t.offset_seconds, false, false).substr(0, 3); }},
    {"Z07:00",
     [](const Parts&, const Time& t) { return offset_text(t.offset_seconds, true, true); }},
    {"Z0700",
     [](const Parts&, const Time& t) { return offset_text(t.offset_seconds, false, true); }},
    {"002", [](const Parts& p, const Time&) { return digits(p.year_day, 3); }},
    {"01", [](const Parts& p, const Time&) { return digits(static_cast<int>(p.month()), 2); }},
    {"02", [](const Parts& p, const Time&) { return digits(static_cast<int>(p.day()), 2); }},
    {"03", [](const Parts& p, const Time&) { return digits(hour12(p.hour()), 2); }},
    {"04", [](const Parts& p, const Time&) { return digits(p.minute(), 2); }},
    {"05", [](const Parts& p, const Time&) { return digits(p.second(), 2); }},
    {"06", [](const Parts& p, const Time&) { return digits(p.year() % 100, 2); }},
    {"15", [](const Parts& p, const Time&) { return digits(p.hour(), 2); }},
    {"PM", [](const Parts& p, const Time&) { return std::string(p.hour() < 12 ? "AM" : "PM"); }},
    {"pm", [](const Parts& p, const Time&) { return std::string(p.hour() < 12 ? "am" : "pm"); }},
    {"_2", [](const Parts& p, const Time&) { return digits(static_cast<int>(p.day()), 2, ' '); }},
    {"1", [](const Parts& p, const Time&) { return digits(static_cast<int>(p.month()), 1); }},
    {"2", [](const Parts& p, const Time&) { return digits(static_cast<int>(p.day()), 1); }},
    {"3", [](const Parts& p, const Time&) { return digits(hour12(p.hour()), 1); }},
    {"4", [](const Parts& p, const Time&) { return digits(p.minute(), 1); }},
    {"5", [](const Parts& p, const Time&) { return digits(p.second(), 1); }},
});

/// .000 gives that many digits, .999 leaves zeros at the end out; 0 when it is neither.
std::size_t write_fraction(std::string& text, std::string_view layout, const Parts& parts) {
  const char kind = layout.size() > 1 ? layout[1] : '\0';
  if ((layout[0] != '.' && layout[0] != ',') || (kind != '0' && kind != '9')) {
    return 0;
  }
  const std::size_t end = std::min(layout.find_first_not_of(kind, 1), layout.size());
  if (end < layout.size() && layout[end] >= '0' && layout[end] <= '9') {
    return 0;
  }
  std::string fraction = digits(parts.millisecond(), 3) + "000000";
  fraction.resize(std::min<std::size_t>(end - 1, 9), '0');
  if (kind == '9') {
    fraction.erase(fraction.find_last_not_of('0') + 1);
  }
  if (!fraction.empty()) {
    text += layout[0] + fraction;
  }
  return end;
}

/// When summer time holds, in local standard or universal time.
enum class Summer : unsigned char { kNone, kEurope, kAmerica };

struct Zone {
  std::string_view name;
  int minutes;
  std::string_view standard;
  Summer summer = Summer::kNone;
  std::string_view daylight = {};
};

constexpr auto kZones = std::to_array<Zone>({
    {"UTC", 0, "UTC"},
    {"Etc/UTC", 0, "UTC"},
    {"GMT", 0, "GMT"},
    {"Asia/Seoul", 540, "KST"},
    {"Asia/Tokyo", 540, "JST"},
    {"Asia/Shanghai", 480, "CST"},
    {"Asia/Hong_Kong", 480, "HKT"},
    {"Asia/Taipei", 480, "CST"},
    {"Asia/Singapore", 480, "+08"},
    {"Asia/Manila", 480, "PST"},
    {"Asia/Bangkok", 420, "+07"},
    {"Asia/Ho_Chi_Minh", 420, "+07"},
    {"Asia/Jakarta", 420, "WIB"},
    {"Asia/Kolkata", 330, "IST"},
    {"Asia/Calcutta", 330, "IST"},
    {"Asia/Dubai", 240, "+04"},
    {"Europe/Moscow", 180, "MSK"},
    {"Europe/Istanbul", 180, "+03"},
    {"America/Sao_Paulo", -180, "-03"},
    {"America/Argentina/Buenos_Aires", -180, "-03"},
    {"America/Phoenix", -420, "MST"},
    {"Australia/Brisbane", 600, "AEST"},
    {"Europe/London", 0, "GMT", Summer::kEurope, "BST"},
    {"Europe/Dublin", 0, "GMT", Summer::kEurope, "IST"},
    {"Europe/Lisbon", 0, "WET", Summer::kEurope, "WEST"},
    {"Europe/Amsterdam", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Berlin", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Brussels", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Copenhagen", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Madrid", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Oslo", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Paris", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Prague", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Rome", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Stockholm", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Vienna", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Warsaw", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Zurich", 60, "CET", Summer::kEurope, "CEST"},
    {"Europe/Athens", 120, "EET", Summer::kEurope, "EEST"},
    {"Europe/Helsinki", 120, "EET", Summer::kEurope, "EEST"},
    {"Europe/Kyiv", 120, "EET", Summer::kEurope, "EEST"},
    {"America/New_York", -300, "EST", Summer::kAmerica, "EDT"},
    {"America/Toronto", -300, "EST", Summer::kAmerica, "EDT"},
    {"America/Chicago", -360, "CST", Summer::kAmerica, "CDT"},
    {"America/Denver", -420, "MST", Summer::kAmerica, "MDT"},
    {"America/Los_Angeles", -480, "PST", Summer::kAmerica, "PDT"},
});

/// Directive 2000/84/EC: last Sundays of March and October, 01:00 UTC. US Energy Policy Act of
/// 2005: second Sunday of March and first of November, 02:00 local time.
bool is_summer(const Zone& zone, std::chrono::sys_time<milliseconds> when) {
  using std::chrono::hours;
  using std::chrono::Sunday;
  using std::chrono::sys_days;
  if (zone.summer == Summer::kNone) {
    return false;
  }
  const auto year = std::chrono::year_month_day(
                        std::chrono::floor<days>(when + std::chrono::minutes(zone.minutes)))
                        .year();
  if (zone.summer == Summer::kEurope) {
    return when >= sys_days(year / std::chrono::March / Sunday[std::chrono::last]) + hours(1) &&
           when < sys_days(year / std::chrono::October / Sunday[std::chrono::last]) + hours(1);
  }
  const auto standard = when + std::chrono::minutes(zone.minutes);
  return standard >= sys_days(year / std::chrono::March / Sunday[2]) + hours(2) &&
         standard < sys_days(year / std::chrono::November / Sunday[1]) + hours(1);
}

base::Error bad_arguments(std::string_view name) {
  return {base::ErrorCode::kInvalidInput, "wrong arguments for method " + std::string(name)};
}

std::optional<base::Result<Value>> call_plain_time_method(const Time& time, std::string_view name) {
  const Parts parts(time);
  const std::pair<std::string_view, std::int64_t> numbers[] = {
      {"Unix", std::chrono::floor<seconds>(time.when).time_since_epoch().count()},
      {"UnixMilli", time.when.time_since_epoch().count()},
      {"Year", parts.year()},
      {"Day", parts.day()},
      {"Hour", parts.hour()},
      {"Minute", parts.minute()},
      {"Second", parts.second()},
      {"YearDay", parts.year_day},
  };
  for (const auto& [method, number] : numbers) {
    if (method == name) {
      return base::Result<Value>(Value(number));
    }
  }
  if (name == "UTC") {
    return base::Result<Value>(Value(Time{time.when}));
  }
  if (name == "Local") {
    return base::Result<Value>(Value(time));
  }
  if (name == "String") {
    return base::Result<Value>(Value(format_time(time)));
  }
  if (name == "Month") {
    return base::Result<Value>(Value(kMonths[parts.month() - 1]));
  }
  if (name == "Weekday") {
    return base::Result<Value>(Value(kWeekdays[parts.weekday]));
  }
  if (name == "IsZero") {
    return base::Result<Value>(Value(time.when.time_since_epoch().count() <= -62135596800000));
  }
  return std::nullopt;
}

std::optional<base::Result<Value>> call_binary_time_method(const Time& time, std::string_view name,
                                                           const std::vector<Value>& arguments) {
  constexpr std::array<std::string_view, 6> kNames = {"Format", "Add",    "Sub",
                                                      "After",  "Before", "Equal"};
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    return std::nullopt;
  }
  const auto* layout = arguments.size() == 1 ? arguments[0].as<std::string>() : nullptr;
  const auto* span = arguments.size() == 1 ? arguments[0].as<Span>() : nullptr;
  const auto* other = arguments.size() == 1 ? arguments[0].as<Time>() : nullptr;
  if (name == "Format" && layout != nullptr) {
    return base::Result<Value>(Value(format_time(time, *layout)));
  }
  if (name == "Add" && span != nullptr) {
    Time moved = time;
    moved.when += std::chrono::floor<milliseconds>(span->length);
    return base::Result<Value>(Value(std::move(moved)));
  }
  if (other == nullptr || name == "Format" || name == "Add") {
    return base::Result<Value>(bad_arguments(name));
  }
  if (name == "Sub") {
    constexpr auto kMost = std::chrono::floor<milliseconds>(std::chrono::nanoseconds::max());
    const milliseconds difference = std::clamp(time.when - other->when, -kMost, kMost);
    return base::Result<Value>(Value(Span{difference}));
  }
  return base::Result<Value>(Value(name == "After"    ? time.when > other->when
                                   : name == "Before" ? time.when < other->when
                                                      : time.when == other->when));
}

std::optional<base::Result<Value>> call_span_method(const Span& span, std::string_view name,
                                                    const std::vector<Value>& arguments) {
  using Seconds = std::chrono::duration<double>;
  const double in_seconds = Seconds(span.length).count();
  const std::int64_t count = span.length.count();
  const Value results[] = {
      Value(in_seconds),        Value(in_seconds / 60), Value(in_seconds / 3600),
      Value(count / 1'000'000), Value(count),           Value(format_span(span))};
  constexpr std::array<std::string_view, 6> kNames = {"Seconds",      "Minutes",     "Hours",
                                                      "Milliseconds", "Nanoseconds", "String"};
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) {
    return arguments.empty() ? base::Result<Value>(results[found - kNames.begin()])
                             : base::Result<Value>(bad_arguments(name));
  }
  if (name != "Truncate" && name != "Round") {
    return std::nullopt;
  }
  const auto* unit = arguments.size() == 1 ? arguments[0].as<Span>() : nullptr;
  const auto* nanoseconds = arguments.size() == 1 ? arguments[0].as<std::int64_t>() : nullptr;
  if (unit == nullptr && nanoseconds == nullptr) {
    return base::Result<Value>(bad_arguments(name));
  }
  const std::int64_t step = unit != nullptr ? unit->length.count() : *nanoseconds;
  if (step <= 0) {
    return base::Result<Value>(Value(span));
  }
  const std::int64_t rest = count % step;
  std::int64_t rounded = count - rest;
  if (name == "Round" && std::abs(rest) >= step - std::abs(rest)) {
    rounded += count < 0 ? -step : step;
  }
  return base::Result<Value>(Value(Span{std::chrono::nanoseconds(rounded)}));
}

}  // namespace

std::string format_time(const Time& time) {
  return format_time(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string format_time(const Time& time, std::string_view layout) {
  const Parts parts(time);
  std::string text;
  while (!layout.empty()) {
    if (const std::size_t taken = write_fraction(text, layout, parts); taken > 0) {
      layout.remove_prefix(taken);
      continue;
    }
    const auto* const element =
        std::find_if(kElements.begin(), kElements.end(),
                     [&](const Element& candidate) { return layout.starts_with(candidate.name); });
    if (element == kElements.end()) {
      text += layout.front();
      layout.remove_prefix(1);
    } else {
      text += element->write(parts, time);
      layout.remove_prefix(element->name.size());
    }
  }
  return text;
}

std::optional<Time> in_zone(const Time& time, std::string_view name) {
  const auto* const zone =
      std::find_if(kZones.begin(), kZones.end(), [&](const Zone& z) { return z.name == name; });
  if (zone == kZones.end()) {
    return std::nullopt;
  }
  const bool summer = is_summer(*zone, time.when);
  return Time{time.when, (zone->minutes + (summer ? 60 : 0)) * 60,
              std::string(summer ? zone->daylight : zone->standard)};
}

std::optional<base::Result<Value>> call_time_method(const Value& receiver, std::string_view name,
                                                    const std::vector<Value>& arguments) {
  if (const auto* span = receiver.as<Span>()) {
    return call_span_method(*span, name, arguments);
  }
  const auto* time = receiver.as<Time>();
  if (time == nullptr) {
    return std::nullopt;
  }
  if (auto result = call_plain_time_method(*time, name)) {
    return arguments.empty() ? std::move(result)
                             : std::optional(base::Result<Value>(bad_arguments(name)));
  }
  return call_binary_time_method(*time, name, arguments);
}

}  // namespace tocsin::templates
