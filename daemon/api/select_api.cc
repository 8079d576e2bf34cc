#include "api/select_api.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "api/encode.h"
#include "api/parameters.h"
#include "api/selector.h"
#include "base/text.h"
#include "net/response_writer.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kGzipFromBytes = 1400;

/// At most so many entries, with a warning when there were more.
template <class T>
std::vector<std::string> apply_limit(std::vector<T>& entries, std::size_t limit) {
  if (limit == 0 || entries.size() <= limit) {
    return {};
  }
  entries.resize(limit);
  return {"results truncated due to limit"};
}

net::ServerResponse answer_texts(const std::set<std::string_view>& texts, std::size_t limit) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  const std::vector<std::string> warnings = apply_limit(sorted, limit);
  return success(encode_strings(sorted), warnings);
}

net::ServerResponse answer_series(const std::vector<model::Labels>& found, std::size_t limit) {
  std::vector<model::Labels> sorted = found;
  std::ranges::sort(sorted);
  sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
  const std::vector<std::string> warnings = apply_limit(sorted, limit);
  return success(encode_label_sets(sorted), warnings);
}

net::ServerResponse answer_names(const std::vector<model::Labels>& found, std::size_t limit) {
  std::set<std::string_view> names;
  for (const model::Labels& labels : found) {
    for (const model::Label& label : labels) {
      names.insert(label.name.view());
    }
  }
  return answer_texts(names, limit);
}

net::ServerResponse answer_values(const std::string& name, const std::vector<model::Labels>& found,
                                  std::size_t limit) {
  std::set<std::string_view> values;
  for (const model::Labels& labels : found) {
    values.insert(labels.get(name));
  }
  values.erase("");
  return answer_texts(values, limit);
}

}  // namespace

/// What is gone through away from the loop.
struct SelectApi::Work {
  series::Snapshot snapshot;
  std::optional<series::Selection> within;  ///< a series counts only with a sample in these times
  std::size_t limit = 0;
  bool gzip = false;
  Answer answer;
  net::ServerResponse response;

  void run() {
    std::vector<model::Labels> found;
    for (std::size_t i = 0; i < snapshot.selections(); ++i) {
      for (const series::PinnedSeries& one : snapshot.series(i)) {
        if (!within || one.samples->newest(within->min_time_ms, within->max_time_ms)) {
          found.push_back(one.labels);
        }
      }
    }
    snapshot = {};
    response = answer(found, limit);
    if (gzip) {
      net::compress(response, kGzipFromBytes);
    }
  }
};

async::Task<net::ServerResponse> SelectApi::select(net::ServerRequest request, Answer answer,
                                                   bool names_parameter) {
  auto work = std::make_shared<Work>();
  const base::Result<std::size_t> limit = limit_of(request);
  if (!limit) {
    co_return bad_parameter("limit", limit.error());
  }
  series::Selection times = everything();
  for (const std::string_view name : {"start", "end"}) {
    std::int64_t& bound = name == "start" ? times.min_time_ms : times.max_time_ms;
    const base::Result<base::WallTime> time = time_of(request, name, base::from_millis(bound));
    if (!time) {
      co_return bad_parameter(name, time.error());
    }
    if (base::to_millis(*time) != bound) {
      bound = base::to_millis(*time);
      work->within = times;
    }
  }
  if (work->within) {
    work->within = times;
  }
  std::vector<series::Selection> selections;
  for (const std::string& text : request.parameters("match[]")) {
    base::Result<model::Matchers> matchers = parse_selector(queries_, text);
    if (!matchers) {
      co_return names_parameter ? bad_parameter("match[]", matchers.error())
                                : failure(400, "bad_data", matchers.error().to_string());
    }
    selections.push_back({*std::move(matchers), times.min_time_ms, times.max_time_ms});
  }
  if (selections.empty()) {
    selections.push_back(times);
  }
  work->limit = *limit;
  work->gzip = net::accepts_gzip(request.headers);
  work->answer = std::move(answer);
  auto snapshot = co_await queries_.read(std::move(selections));
  if (!snapshot) {
    co_return failed_query(snapshot.error());
  }
  work->snapshot = *std::move(snapshot);
  Queries::Work job = [work] { work->run(); };
  const base::Status worked = co_await queries_.offload(std::move(job));
  if (!worked) {
    co_return failed_query(worked.error());
  }
  co_return std::move(work->response);
}

async::Task<net::ServerResponse> SelectApi::series(net::ServerRequest request) {
  if (!request.parameter("match[]")) {
    co_return failure(400, "bad_data", "no match[] parameter provided");
  }
  co_return co_await select(std::move(request), answer_series, true);
}

async::Task<net::ServerResponse> SelectApi::labels(net::ServerRequest request) {
  co_return co_await select(std::move(request), answer_names, false);
}

async::Task<net::ServerResponse> SelectApi::label_values(net::ServerRequest request,
                                                         std::string name) {
  name = unescape_label_name(name);
  if (name.empty() || !base::is_valid_utf8(name)) {
    co_return failure(400, "bad_data", "invalid label name: " + base::quote(name));
  }
  Answer answer = [name = std::move(name)](const std::vector<model::Labels>& found,
                                           std::size_t limit) {
    return answer_values(name, found, limit);
  };
  co_return co_await select(std::move(request), std::move(answer), false);
}

}  // namespace tocsin::api
