#include "net/response_writer.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>

#include "base/text.h"
#include "net/gzip.h"

namespace tocsin::net {
namespace {

void append_two(std::string& out, int value) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool has_no_body(int status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

std::string format_http_date(base::WallTime time) {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::string out = kDays[std::chrono::weekday(day).c_encoding()];
  out += ", ";
  append_two(out, static_cast<int>(static_cast<unsigned>(date.day())));
  out += std::string(" ") + kMonths[static_cast<unsigned>(date.month()) - 1] + " " +
         std::to_string(static_cast<int>(date.year())) + " ";
  append_two(out, static_cast<int>(clock.hours().count()));
  out += ":";
  append_two(out, static_cast<int>(clock.minutes().count()));
  out += ":";
  append_two(out, static_cast<int>(clock.seconds().count()));
  return out + " GMT";
}

std::string_view reason_phrase(int status) {
  return status == 499 ? "Client Closed Request"
                       : std::string_view(boost::beast::http::obsolete_reason(
                             boost::beast::http::int_to_status(static_cast<unsigned>(status))));
}

ServerResponse plain_response(int status, std::string_view text) {
  ServerResponse response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::string(text) + "\n";
  return response;
}

void compress(ServerResponse& response, std::size_t from_bytes) {
  if (response.body.size() < from_bytes || response.headers.get("Content-Encoding") ||
      has_no_body(response.status)) {
    return;
  }
  response.body = gzip(response.body);
  response.headers.set("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
}

std::string format_response(const ServerResponse& response, base::WallTime now,
                            ResponseFormat format) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers.all()) {
    const std::string lower = base::to_lower(name);
    const bool ours = lower == "content-length" || lower == "connection" || lower == "date" ||
                      lower == "transfer-encoding";
    if (!ours && is_clean(name) && is_clean(value)) {
      out.append(name).append(": ").append(value).append("\r\n");
    }
  }
  out += "Date: " + format_http_date(now) + "\r\n";
  if (!has_no_body(response.status)) {
    out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  if (!format.keep_alive) {
    out += "Connection: close\r\n";
  }
  out += "\r\n";
  if (!format.head && !has_no_body(response.status)) {
    out += response.body;
  }
  return out;
}

}  // namespace tocsin::net
