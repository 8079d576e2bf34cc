#include "app/remote.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <vector>

#include "app/terminal.h"
#include "async/real_clock.h"
#include "async/real_file_system.h"
#include "async/real_timers.h"
#include "base/text.h"
#include "net/base64.h"
#include "net/http_client.h"

namespace tocsin::app {
namespace {

using Response = base::Result<net::HttpResponse>;

/// Of a URL; servers refuse long ones.
constexpr std::size_t kLongestQuery = 4000;
/// A query may take two minutes at the server.
constexpr auto kPatience = std::chrono::seconds(130);

async::Task<> fetch(net::HttpClientImpl& client, net::HttpRequest request,
                    base::MonotonicTime deadline, std::optional<Response>& into) {
  Response response = co_await client.send(std::move(request), deadline);
  into.emplace(std::move(response));
}

Response send(net::HttpRequest request) {
  boost::asio::io_context loop;
  const async::RealClock clock;
  async::RealTimers timers;
  std::optional<Response> response;
  {
    net::HttpClientImpl client(loop.get_executor(), clock, timers);
    const base::MonotonicTime deadline = clock.monotonic_now() + kPatience;
    boost::asio::co_spawn(loop, fetch(client, std::move(request), deadline, response),
                          [](const std::exception_ptr&) {});
    while (!response && loop.run_one() > 0) {
    }
    client.close_idle();
  }
  if (!response) {
    return base::Error(base::ErrorCode::kInternal, "the request ended without an answer");
  }
  return *std::move(response);
}

base::Status add_credentials(const Server& server, net::HttpRequest& request) {
  const std::string& file = server.token_file.empty() ? server.password_file : server.token_file;
  if (file.empty()) {
    return {};
  }
  const auto secret = async::RealFileSystem().read_file(file, base::kMaxConfigFileBytes);
  if (!secret) {
    return secret.error();
  }
  const std::string text(base::trim(*secret));
  request.headers.set("Authorization", server.token_file.empty()
                                           ? "Basic " + net::base64_encode(server.user + ":" + text)
                                           : "Bearer " + text);
  return {};
}

}  // namespace

base::Result<boost::json::value> get_json(const Server& server, const std::string& path,
                                          const net::QueryParameters& parameters) {
  net::HttpRequest request;
  std::string base_url = server.url;
  while (base_url.ends_with('/')) {
    base_url.pop_back();
  }
  request.url = base_url + path;
  request.tls.ca_file = server.ca_file;
  const std::string query = net::format_query(parameters);
  if (query.size() > kLongestQuery) {
    request.method = "POST";
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = query;
  } else if (!query.empty()) {
    request.url += "?" + query;
  }
  if (const base::Status added = add_credentials(server, request); !added) {
    return added.error();
  }
  auto response = send(std::move(request));
  if (!response) {
    return response.error();  // names the URL
  }
  boost::system::error_code failed;
  boost::json::value answer = boost::json::parse(response->body, failed);
  if (failed) {
    return base::Error(
        base::ErrorCode::kCorrupt,
        server.url + ": HTTP status " + std::to_string(response->status) +
            ", and no JSON: " + std::string(base::truncate_utf8(base::trim(response->body), 200)));
  }
  return answer;
}

std::string error_text(const boost::json::value& answer) {
  if (!answer.is_object() || member_text(answer, "status") != "error") {
    return {};
  }
  return member_text(answer, "error");
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) {
        line.append(widths[i] - display_width(row[i]) + 2, ' ');
      }
    }
    std::printf("%s\n", line.c_str());
  }
}

std::string member_text(const boost::json::value& object, std::string_view key) {
  if (!object.is_object()) {
    return {};
  }
  const auto* value = object.get_object().if_contains(key);
  if (value == nullptr || value->is_null()) {
    return {};
  }
  return value->is_string() ? std::string(std::string_view(value->get_string()))
                            : boost::json::serialize(*value);
}

std::string format_time(double unix_seconds) {
  const std::chrono::sys_seconds time{
      std::chrono::seconds(static_cast<std::int64_t>(unix_seconds))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

}  // namespace tocsin::app
