#include "api/status_api.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/encode.h"
#include "api/json.h"
#include "api/parameters.h"
#include "api/selector.h"
#include "api/series_statistics.h"
#include "base/duration.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kTop = 10;
constexpr std::size_t kMostTop = 10'000;

/// 10 without a limit.
std::optional<std::size_t> top_of(const net::ServerRequest& request) {
  const std::string text = text_of(request, "limit");
  if (text.empty()) {
    return kTop;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) {
    return std::nullopt;
  }
  return std::min(static_cast<std::size_t>(number), kMostTop);
}

/// What is gone through away from the loop.
struct Statistics {
  series::Snapshot snapshot;
  std::size_t top = kTop;
  net::ServerResponse response;

  void run() {
    response = success(encode_series_statistics(snapshot, top));
    snapshot = {};
  }
};

}  // namespace

net::ServerResponse StatusApi::build() const { return success(encode_build(views_.build())); }

net::ServerResponse StatusApi::runtime() const {
  const RuntimeView view = views_.runtime();
  JsonWriter json;
  json.begin_object().field("startTime", format_time(view.started)).field("CWD", view.folder);
  json.field("hostname", view.host).field("serverTime", format_time(view.now));
  json.key("reloadConfigSuccess").boolean(view.reload_succeeded);
  json.field("lastConfigTime", format_time(view.configured)).key("corruptionCount").integer(0);
  json.key("goroutineCount").integer(static_cast<std::int64_t>(view.threads));
  json.key("GOMAXPROCS").integer(static_cast<std::int64_t>(view.processors));
  // These belong to Go's memory; readers expect them to be there.
  json.key("GOMEMLIMIT").integer(std::numeric_limits<std::int64_t>::max());
  json.field("GOGC", "").field("GODEBUG", "");
  json.field("storageRetention", base::format_duration(view.retention)).end_object();
  return success(json.take());
}

net::ServerResponse StatusApi::config() const {
  JsonWriter json;
  json.begin_object().field("yaml", views_.config()).end_object();
  return success(json.take());
}

net::ServerResponse StatusApi::flags() const {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : views_.flags()) {
    json.field(name, value);
  }
  json.end_object();
  return success(json.take());
}

net::ServerResponse StatusApi::alertmanagers() const {
  JsonWriter json;
  json.begin_object().key("activeAlertmanagers").begin_array();
  for (const std::string& url : views_.alertmanagers()) {
    json.begin_object().field("url", url).end_object();
  }
  json.end_array().key("droppedAlertmanagers").begin_array().end_array().end_object();
  return success(json.take());
}

async::Task<net::ServerResponse> StatusApi::series_statistics(net::ServerRequest request) {
  const std::optional<std::size_t> top = top_of(request);
  if (!top) {
    co_return failure(400, "bad_data", "limit must be a positive number");
  }
  auto work = std::make_shared<Statistics>();
  const std::array<series::Selection, 1> all = {everything()};
  work->snapshot = queries_.snapshot(all);
  work->top = *top;
  Queries::Work job = [work] { work->run(); };
  const base::Status worked = co_await queries_.offload(std::move(job));
  if (!worked) {
    co_return failed_query(worked.error());
  }
  co_return std::move(work->response);
}

}  // namespace tocsin::api
