#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <cstdlib>

#include "app/cli.h"
#include "app/remote.h"
#include "base/text.h"

namespace tocsin::app {
namespace {

// `name{label="value"}` of a metric object of the API.
std::string series_name(const boost::json::value& metric) {
  std::string name = member_text(metric, "__name__");
  std::string labels;
  if (metric.is_object()) {
    for (const auto& [key, value] : metric.get_object()) {
      if (key != "__name__") {
        labels += (labels.empty() ? "" : ", ") + std::string(key) + "=" +
                  base::quote(value.is_string() ? std::string_view(value.get_string()) : "");
      }
    }
  }
  return labels.empty() && !name.empty() ? name : name + "{" + labels + "}";
}

// One `[time, "value"]` pair.
std::pair<std::string, std::string> sample_texts(const boost::json::value& pair) {
  if (!pair.is_array() || pair.get_array().size() != 2) {
    return {};
  }
  const auto& time = pair.get_array()[0];
  const auto& value = pair.get_array()[1];
  const double seconds = time.is_double()  ? time.get_double()
                         : time.is_int64() ? static_cast<double>(time.get_int64())
                                           : 0;
  return {format_time(seconds),
          value.is_string() ? std::string(std::string_view(value.get_string())) : ""};
}

void print_series(const boost::json::array& result) {
  std::vector<std::vector<std::string>> rows = {{"SERIES", "VALUE", "TIME"}};
  for (const boost::json::value& series : result) {
    if (!series.is_object()) {
      continue;
    }
    const auto& object = series.get_object();
    const std::string name =
        object.contains("metric") ? series_name(object.at("metric")) : std::string();
    if (const auto* value = object.if_contains("value")) {
      const auto [time, text] = sample_texts(*value);
      rows.push_back({name, text, time});
    } else if (const auto* values = object.if_contains("values");
               values != nullptr && values->is_array()) {
      for (const boost::json::value& pair : values->get_array()) {
        const auto [time, text] = sample_texts(pair);
        rows.push_back({name, text, time});
      }
    }
  }
  print_table(rows);
}

void print_messages(const boost::json::value& answer, const char* key, const char* word) {
  const auto* list = answer.get_object().if_contains(key);
  if (list == nullptr || !list->is_array()) {
    return;
  }
  for (const boost::json::value& message : list->get_array()) {
    if (message.is_string()) {
      std::fprintf(stderr, "%s: %s\n", word, message.get_string().c_str());
    }
  }
}

int print_formatted(const QueryOptions& options) {
  const auto query = promql::parse(options.expression, enabled_features(options.features).parse);
  if (!query) {
    std::fprintf(stderr, "%s\n", query.error().to_string().c_str());
    return 1;
  }
  std::printf("%s\n", promql::pretty(query->root()).c_str());
  return 0;
}

}  // namespace

int query_server(const QueryOptions& options) {
  if (options.format) {
    return print_formatted(options);
  }
  net::QueryParameters parameters = {{"query", options.expression}};
  if (!options.time.empty()) {
    parameters.emplace_back("time", options.time);
  }
  const auto answer = get_json({options.server, options.token_file}, "/api/v1/query", parameters);
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().to_string().c_str());
    return 2;
  }
  if (options.json) {
    std::printf("%s\n", boost::json::serialize(*answer).c_str());
    return error_text(*answer).empty() ? 0 : 1;
  }
  if (const std::string error = error_text(*answer); !error.empty()) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const auto* data = answer->is_object() ? answer->get_object().if_contains("data") : nullptr;
  const auto* result =
      data != nullptr && data->is_object() ? data->get_object().if_contains("result") : nullptr;
  if (result == nullptr || !result->is_array()) {
    std::fprintf(stderr, "%s: the answer has no result\n", options.server.c_str());
    return 2;
  }
  print_messages(*answer, "warnings", "warning");
  print_messages(*answer, "infos", "info");
  const std::string type = member_text(*data, "resultType");
  if (type == "scalar" || type == "string") {
    std::printf("%s\n", sample_texts(*result).second.c_str());
  } else {
    print_series(result->get_array());
  }
  return 0;
}

}  // namespace tocsin::app
