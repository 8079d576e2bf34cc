#include "notifiers/outcome.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/text.h"

namespace tocsin::notifiers {
namespace {

constexpr std::size_t kMaxReasonBytes = 300;
constexpr base::Duration kLongestWait = std::chrono::hours(24);

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that RFC 9110 allows to send.
std::optional<base::WallTime> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  const auto day = digits(text.substr(5, 2));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) {
    return std::nullopt;
  }
  return base::WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

Outcome delivered() { return {OutcomeKind::kDelivered, {}, std::nullopt}; }

Outcome retry(std::string reason, std::optional<base::Duration> after) {
  return {OutcomeKind::kRetry, std::move(reason), after};
}

Outcome refused(std::string reason) {
  return {OutcomeKind::kRefused, std::move(reason), std::nullopt};
}

Outcome from_error(const base::Error& error) {
  switch (error.code()) {
    case base::ErrorCode::kInvalidInput:
    case base::ErrorCode::kUnsupported:
      return refused(error.message());
    default:
      return retry(error.message());
  }
}

Outcome from_status(const net::HttpResponse& response, base::WallTime now) {
  const int status = response.status;
  if (status / 100 == 2) {
    return delivered();
  }
  std::string reason = "HTTP status " + std::to_string(status);
  if (const std::string line = first_line(response.body); !line.empty()) {
    reason += ": " + line;
  }
  if (status == 408 || status == 429 || status / 100 == 5) {
    return retry(std::move(reason), retry_after(response.headers, now));
  }
  return refused(std::move(reason));
}

std::optional<base::Duration> retry_after(const net::Headers& headers, base::WallTime now) {
  const auto value = headers.get("Retry-After");
  if (!value) {
    return std::nullopt;
  }
  const std::string_view text = base::trim(*value);
  std::optional<base::Duration> wait;
  if (const auto seconds = digits(text)) {
    wait = std::chrono::seconds(*seconds);
  } else if (const auto date = http_date(text)) {
    wait = *date - now;
  }
  if (wait) {
    wait = std::clamp(*wait, base::Duration(0), kLongestWait);
  }
  return wait;
}

std::string redact(std::string text, const std::vector<base::Secret>& secrets) {
  for (const base::Secret& secret : secrets) {
    if (secret.empty()) {
      continue;
    }
    for (auto at = text.find(secret.reveal()); at != std::string::npos;
         at = text.find(secret.reveal(), at + 3)) {
      text.replace(at, secret.reveal().size(), "***");
    }
  }
  return text;
}

std::string first_line(std::string_view body) {
  std::string_view line = base::trim(body);
  line = base::truncate_utf8(line.substr(0, line.find_first_of("\r\n")), kMaxReasonBytes);
  std::string out(line);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

}  // namespace tocsin::notifiers
