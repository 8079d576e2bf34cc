#include "api/api.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "api/encode.h"
#include "api/parameters.h"
#include "api/selector.h"
#include "base/text.h"
#include "net/url.h"

namespace tocsin::api {
namespace {

using base::Error;
using base::ErrorCode;
using net::ServerRequest;
using net::ServerResponse;

constexpr std::size_t kMaxIncidents = 1000;
constexpr std::array<std::string_view, 3> kIncidentStates = {"open", "mitigated", "resolved"};

ServerResponse plain(int status, std::string_view type, std::string text) {
  ServerResponse response;
  response.status = status;
  response.headers.set("Content-Type", type);
  response.body = std::move(text);
  return response;
}

ServerResponse plain(int status, std::string text) {
  return plain(status, "text/plain; charset=utf-8", std::move(text));
}

ServerResponse not_found(const std::string& what) { return failure(404, "not_found", what); }

ServerResponse refuse(Access access, bool configured) {
  if (access == Access::kUnauthorized) {
    ServerResponse response = failure(401, "unauthorized", "valid credentials are needed");
    response.headers.add("WWW-Authenticate", "Basic realm=\"tocsin\", charset=\"UTF-8\"");
    response.headers.add("WWW-Authenticate", "Bearer realm=\"tocsin\"");
    return response;
  }
  if (configured) {
    return failure(403, "forbidden", "these credentials may read, but give no commands");
  }
  return failure(403, "forbidden",
                 "without credentials this listener serves only /metrics, /-/healthy and /-/ready: "
                 "configure bearer tokens or users under web, or listen on the loopback");
}

/// Prometheus' own part, which also keeps Prometheus' plain words for wrong paths and methods.
bool is_prometheus(std::string_view path) { return path.starts_with("/api/v1/"); }

ServerResponse wrong_method(const ServerRequest& request,
                            const std::vector<std::string_view>& methods) {
  std::vector<std::string> allowed(methods.begin(), methods.end());
  ServerResponse response;
  if (is_prometheus(request.path)) {
    allowed.emplace_back("OPTIONS");
    std::ranges::sort(allowed);
    response = plain(405, "Method Not Allowed\n");
  } else {
    response = failure(405, "bad_data", request.method + " is not possible on " + request.path);
  }
  response.headers.set("Allow", base::join(allowed, ", "));
  return response;
}

/// The part of the path between two fixed ones; nothing when they do not fit.
std::optional<std::string> between(std::string_view path, std::string_view before,
                                   std::string_view after) {
  if (!path.starts_with(before) || !path.ends_with(after) ||
      path.size() <= before.size() + after.size()) {
    return std::nullopt;
  }
  const std::string_view middle =
      path.substr(before.size(), path.size() - before.size() - after.size());
  return middle.find('/') == std::string_view::npos ? std::optional(std::string(middle))
                                                    : std::nullopt;
}

std::vector<std::string> both_names(const ServerRequest& request, const std::string& name) {
  std::vector<std::string> values = request.parameters(name + "[]");
  const std::vector<std::string> plain_values = request.parameters(name);
  values.insert(values.end(), plain_values.begin(), plain_values.end());
  return values;
}

}  // namespace

/// A path, or what stands before and after its one variable part, and what it allows.
struct Api::Route {
  std::string_view path;
  std::string_view suffix;  ///< of a path with a variable part
  std::vector<std::string_view> methods;
  Role role;
  async::Task<ServerResponse> (Api::*handler)(ServerRequest request);

  bool matches(std::string_view requested) const {
    if (!path.ends_with('/')) {
      return requested == path;
    }
    return between(requested, path, suffix).has_value();
  }
};

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<std::string_view> kRead = {"GET", "HEAD"};
  static const std::vector<std::string_view> kAsk = {"GET", "HEAD", "POST"};
  static const std::vector<Route> kRoutes = {
      {"/-/healthy", "", kRead, Role::kViewer, &Api::healthy},
      {"/health", "", kRead, Role::kViewer, &Api::healthy},
      {"/-/ready", "", kRead, Role::kViewer, &Api::ready},
      {"/-/reload", "", {"POST", "PUT"}, Role::kOperator, &Api::reload},
      {"/metrics", "", kRead, Role::kViewer, &Api::metrics},
      {"/graph", "", kRead, Role::kViewer, &Api::graph},
      {"/api/v1/query", "", kAsk, Role::kViewer, &Api::query},
      {"/api/v1/query_range", "", kAsk, Role::kViewer, &Api::query_range},
      {"/api/v1/series", "", kAsk, Role::kViewer, &Api::series},
      {"/api/v1/labels", "", kAsk, Role::kViewer, &Api::labels},
      {"/api/v1/label/", "/values", kRead, Role::kViewer, &Api::label_values},
      {"/api/v1/rules", "", kRead, Role::kViewer, &Api::rules},
      {"/api/v1/alerts", "", kRead, Role::kViewer, &Api::alerts},
      {"/api/v1/targets", "", kRead, Role::kViewer, &Api::targets},
      {"/api/v1/query_exemplars", "", kAsk, Role::kViewer, &Api::exemplars},
      {"/api/v1/format_query", "", kAsk, Role::kViewer, &Api::format_query},
      {"/api/v1/parse_query", "", kAsk, Role::kViewer, &Api::parse_query},
      {"/api/v1/metadata", "", kRead, Role::kViewer, &Api::metadata},
      {"/api/v1/targets/metadata", "", kRead, Role::kViewer, &Api::target_metadata},
      {"/api/v1/alertmanagers", "", kRead, Role::kViewer, &Api::alertmanagers},
      {"/api/v1/status/buildinfo", "", kRead, Role::kViewer, &Api::build},
      {"/api/v1/status/runtimeinfo", "", kRead, Role::kViewer, &Api::runtime},
      {"/api/v1/status/config", "", kRead, Role::kViewer, &Api::config},
      {"/api/v1/status/flags", "", kRead, Role::kViewer, &Api::flags},
      {"/api/v1/status/tsdb", "", kRead, Role::kViewer, &Api::tsdb},
      {"/api/v1/write", "", {"POST"}, Role::kOperator, &Api::remote_write},
      {"/tocsin/v1/push", "", {"POST", "PUT"}, Role::kOperator, &Api::push},
      {"/tocsin/v1/incidents", "", kRead, Role::kViewer, &Api::incidents},
      {"/tocsin/v1/incidents/", "", kRead, Role::kViewer, &Api::incident},
  };
  return kRoutes;
}

Api::Api(boost::asio::any_io_executor executor, const base::Clock& clock, async::Timers& timers,
         Views& views, Queries& queries, Commands& commands, AuthOptions auth, QueryOptions query,
         Cors cors)
    : views_(views),
      commands_(commands),
      auth_(std::move(auth)),
      queries_(queries),
      query_api_(std::move(executor), clock, timers, queries, query),
      select_api_(queries),
      expression_api_(queries),
      metadata_api_(views, queries),
      status_api_(views, queries),
      cors_(std::move(cors)) {}

async::Task<ServerResponse> Api::handle(ServerRequest request) {
  const bool prometheus = is_prometheus(request.path);
  // Pages of other sites may read at most.
  const bool readable = prometheus && request.path != "/api/v1/write";
  const bool live = prometheus || request.path.starts_with("/tocsin/");
  std::optional<std::string> origin;
  if (const auto header = request.headers.get("Origin")) {
    origin = std::string(*header);
  }
  ServerResponse response;
  if (prometheus && request.method == "OPTIONS") {
    // A browser asks without credentials what it may send; it learns nothing else by that.
    response.status = 204;
  } else {
    response = co_await dispatch(std::move(request));
  }
  if (readable) {
    cors_.apply(origin, response);
  }
  if (live) {
    response.headers.set("Cache-Control", "no-store");
  }
  response.headers.set("X-Content-Type-Options", "nosniff");
  co_return response;
}

async::Task<ServerResponse> Api::dispatch(ServerRequest request) {
  const auto& all = routes();
  const auto route = std::find_if(all.begin(), all.end(), [&request](const Route& candidate) {
    return candidate.matches(request.path);
  });
  // Who may not come in does not learn either what there is.
  const Role needed = route == all.end() ? Role::kViewer : route->role;
  const Access access = check_access(auth_, request, needed);
  if (access != Access::kGranted) {
    co_return refuse(access, auth_.configured());
  }
  if (route == all.end()) {
    co_return is_prometheus(request.path) ? plain(404, "404 page not found\n")
                                          : not_found("no such path: " + request.path);
  }
  if (std::ranges::find(route->methods, request.method) == route->methods.end()) {
    co_return wrong_method(request, route->methods);
  }
  const auto handler = route->handler;
  co_return co_await (this->*handler)(std::move(request));
}

async::Task<ServerResponse> Api::healthy(ServerRequest) {
  co_return plain(200, "tocsin is healthy.\n");
}

async::Task<ServerResponse> Api::ready(ServerRequest) {
  const Readiness readiness = views_.readiness();
  co_return plain(readiness.ready ? 200 : 503, readiness.text + "\n");
}

async::Task<ServerResponse> Api::reload(ServerRequest) {
  const base::Status reloaded = co_await commands_.reload();
  if (!reloaded) {
    co_return plain(500, "failed to reload config: " + reloaded.error().to_string() + "\n");
  }
  co_return plain(200, "");
}

async::Task<ServerResponse> Api::metrics(ServerRequest) {
  co_return plain(200, "text/plain; version=0.0.4; charset=utf-8", views_.metrics());
}

// Where links of alerts lead: Prometheus' page for an expression, here the query's answer.
async::Task<ServerResponse> Api::graph(ServerRequest request) {
  const auto expression = request.parameter("g0.expr");
  if (!expression || expression->empty()) {
    co_return not_found("no expression: expected /graph?g0.expr=EXPRESSION");
  }
  ServerResponse response = plain(302, "");
  // Relative, so that it also leads there behind a proxy that serves this under a path.
  response.headers.set("Location",
                       "api/v1/query?" + net::format_query({{"query", std::string(*expression)}}));
  co_return response;
}

async::Task<ServerResponse> Api::query(ServerRequest request) {
  return query_api_.query(std::move(request));
}

async::Task<ServerResponse> Api::query_range(ServerRequest request) {
  return query_api_.query_range(std::move(request));
}

async::Task<ServerResponse> Api::series(ServerRequest request) {
  return select_api_.series(std::move(request));
}

async::Task<ServerResponse> Api::labels(ServerRequest request) {
  return select_api_.labels(std::move(request));
}

async::Task<ServerResponse> Api::label_values(ServerRequest request) {
  std::string name = between(request.path, "/api/v1/label/", "/values").value_or("");
  return select_api_.label_values(std::move(request), std::move(name));
}

async::Task<ServerResponse> Api::rules(ServerRequest request) {
  RuleFilter filter;
  const std::string type(request.parameter("type").value_or(""));
  if (!type.empty() && type != "alert" && type != "record") {
    const Error error(ErrorCode::kInvalidInput, "not supported value " + base::quote(type));
    co_return bad_parameter("type", error);
  }
  filter.alerting = type != "record";
  filter.recording = type != "alert";
  filter.exclude_alerts = request.parameter("exclude_alerts").value_or("") == "true";
  filter.names = both_names(request, "rule_name");
  filter.groups = both_names(request, "rule_group");
  filter.files = both_names(request, "file");
  for (const std::string& text : request.parameters("match[]")) {
    auto matchers = parse_selector(queries_, text);
    if (!matchers) {
      co_return bad_parameter("match[]", matchers.error());
    }
    filter.matchers.push_back(*std::move(matchers));
  }
  co_return success(encode_rules(views_.rule_groups(), filter));
}

async::Task<ServerResponse> Api::alerts(ServerRequest) {
  co_return success(encode_alerts(views_.rule_groups()));
}

async::Task<ServerResponse> Api::targets(ServerRequest request) {
  const std::string state = base::to_lower(request.parameter("state").value_or("any"));
  const bool all = state != "active" && state != "dropped";
  const std::string pool(request.parameter("scrapePool").value_or(""));
  co_return success(
      encode_targets(views_.targets(), all || state == "active", all || state == "dropped", pool));
}

// No exemplars are kept; Grafana asks for them and takes an empty answer.
async::Task<ServerResponse> Api::exemplars(ServerRequest request) {
  const base::Result<base::WallTime> start = time_of(request, "start", base::WallTime::min());
  if (!start) {
    co_return bad_parameter("start", start.error());
  }
  const base::Result<base::WallTime> end = time_of(request, "end", base::WallTime::max());
  if (!end) {
    co_return bad_parameter("end", end.error());
  }
  if (*end < *start) {
    co_return failure(400, "bad_data", "end timestamp must not be before start timestamp");
  }
  const auto query = queries_.parse(text_of(request, "query"));
  co_return query ? success("[]") : failure(400, "bad_data", query.error().to_string());
}

async::Task<ServerResponse> Api::format_query(ServerRequest request) {
  co_return expression_api_.format(request);
}

async::Task<ServerResponse> Api::parse_query(ServerRequest request) {
  co_return expression_api_.tree(request);
}

async::Task<ServerResponse> Api::metadata(ServerRequest request) {
  co_return metadata_api_.metadata(request);
}

async::Task<ServerResponse> Api::target_metadata(ServerRequest request) {
  co_return metadata_api_.target_metadata(request);
}

async::Task<ServerResponse> Api::build(ServerRequest) { co_return status_api_.build(); }

async::Task<ServerResponse> Api::runtime(ServerRequest) { co_return status_api_.runtime(); }

async::Task<ServerResponse> Api::config(ServerRequest) { co_return status_api_.config(); }

async::Task<ServerResponse> Api::flags(ServerRequest) { co_return status_api_.flags(); }

async::Task<ServerResponse> Api::alertmanagers(ServerRequest) {
  co_return status_api_.alertmanagers();
}

async::Task<ServerResponse> Api::tsdb(ServerRequest request) {
  return status_api_.series_statistics(std::move(request));
}

async::Task<ServerResponse> Api::remote_write(ServerRequest request) {
  if (receiver_ == nullptr) {
    co_return plain(503, "tocsin is starting.\n");
  }
  co_return co_await receiver_->remote_write(std::move(request));
}

async::Task<ServerResponse> Api::push(ServerRequest request) {
  if (receiver_ == nullptr) {
    co_return plain(503, "tocsin is starting.\n");
  }
  co_return co_await receiver_->push(std::move(request));
}

async::Task<ServerResponse> Api::incidents(ServerRequest request) {
  IncidentFilter filter;
  for (const std::string& list : both_names(request, "state")) {
    for (const std::string_view word : base::split(list, ',')) {
      std::string state = base::to_lower(base::trim(word));
      if (std::ranges::find(kIncidentStates, state) == kIncidentStates.end()) {
        co_return bad_parameter(
            "state", Error(ErrorCode::kInvalidInput,
                           "expected open, mitigated or resolved, found " + base::quote(word)));
      }
      filter.states.push_back(std::move(state));
    }
  }
  const auto limit = request.parameter("limit");
  if (limit) {
    const std::optional<double> number = base::parse_number(*limit);
    if (!number || !(*number >= 1) || *number != std::floor(*number)) {
      co_return bad_parameter("limit", Error(ErrorCode::kInvalidInput, "expected 1 or more"));
    }
    filter.limit = static_cast<std::size_t>(std::min(*number, double{kMaxIncidents}));
  }
  auto work = views_.incidents(std::move(filter));
  const base::Result<IncidentList> found = co_await std::move(work);
  co_return found ? success(encode_incidents(found->incidents), found->warnings)
                  : failed_query(found.error());
}

async::Task<ServerResponse> Api::incident(ServerRequest request) {
  std::string id = between(request.path, "/tocsin/v1/incidents/", "").value_or("");
  const base::Result<IncidentDetail> found = co_await views_.incident(std::move(id));
  if (!found && found.error().code() == ErrorCode::kNotFound) {
    co_return not_found(found.error().message());
  }
  co_return found ? success(encode_incident(*found)) : failed_query(found.error());
}

}  // namespace tocsin::api
