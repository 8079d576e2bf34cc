#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "api/json.h"
#include "app/cli.h"
#include "app/query_output.h"
#include "app/query_span.h"
#include "app/remote.h"
#include "app/terminal.h"
#include "async/real_clock.h"
#include "async/real_environment.h"
#include "base/text.h"
#include "promql/functions.h"
#include "promql/query.h"

namespace tocsin::app {
namespace {

constexpr int kRefused = 1;
constexpr int kUsage = 2;

int fail(int code, const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return code;
}

int format_locally(const QueryOptions& options) {
  const auto query = promql::parse(options.expression, enabled_features(options.features).parse);
  if (!query) {
    return fail(kRefused, query.error().to_string());
  }
  std::printf("%s\n", promql::pretty(query->root()).c_str());
  return 0;
}

int list_functions(const QueryOptions& options) {
  const bool all = enabled_features(options.features).parse.experimental_functions;
  for (const promql::Function& function : promql::all_functions()) {
    if (function.name.find(options.expression) == std::string_view::npos) {
      continue;
    }
    const bool hidden = function.experimental && !all;
    std::printf("%s\n    %s%s\n", promql::signature(function).c_str(),
                std::string(function.doc).c_str(),
                hidden ? " (--enable-feature=promql-experimental-functions)" : "");
  }
  return 0;
}

bool wants_range(const QueryOptions& options) {
  return options.wants_range || !options.start.empty() || !options.end.empty() ||
         !options.step.empty();
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

/// Where and what to ask; the times of the chart when it is a range.
struct Question {
  std::string path = "/api/v1/query";
  net::QueryParameters parameters;
  ChartOptions chart;
};

base::Result<Question> make_question(const QueryOptions& options, std::size_t width) {
  const base::WallTime now = async::RealClock().wall_now();
  Question question;
  question.parameters = {{"query", options.expression}};
  if (!options.timeout.empty()) {
    question.parameters.emplace_back("timeout", options.timeout);
  }
  if (!wants_range(options)) {
    if (!options.time.empty()) {
      const auto time = parse_query_time(options.time, now);
      if (!time) {
        return time.error();
      }
      question.parameters.emplace_back("time", api::format_timestamp(base::to_millis(*time)));
    }
    return question;
  }
  const auto span = parse_query_span(
      {.range = options.range, .start = options.start, .end = options.end, .step = options.step},
      now, width);
  if (!span) {
    return span.error();
  }
  question.path = "/api/v1/query_range";
  question.parameters.emplace_back("start", api::format_timestamp(base::to_millis(span->start)));
  question.parameters.emplace_back("end", api::format_timestamp(base::to_millis(span->end)));
  question.parameters.emplace_back("step", api::format_timestamp(span->step.count()));
  question.chart.start = base::to_seconds(span->start);
  question.chart.end = base::to_seconds(span->end);
  question.chart.width = width;
  return question;
}

}  // namespace

int query_server(const QueryOptions& options) {
  if (options.functions) {
    return list_functions(options);
  }
  if (options.format) {
    return format_locally(options);
  }
  const async::RealEnvironment environment;
  const std::size_t width = options.width > 0 ? options.width : terminal_width(environment);
  auto question = make_question(options, width);
  if (!question) {
    return fail(kUsage, question.error().message());
  }
  question->chart.color = !options.no_color && wants_color(environment);
  const auto answer = get_json(options.server, question->path, question->parameters);
  if (!answer) {
    return fail(kUsage, answer.error().to_string());
  }
  const std::string error = error_text(*answer);
  if (options.json) {
    std::printf("%s\n", boost::json::serialize(*answer).c_str());
    return error.empty() ? 0 : kRefused;
  }
  if (!error.empty()) {
    return fail(kRefused, error);
  }
  const auto* data = answer->is_object() ? answer->get_object().if_contains("data") : nullptr;
  const auto* result =
      data != nullptr && data->is_object() ? data->get_object().if_contains("result") : nullptr;
  if (result == nullptr || !result->is_array()) {
    return fail(kUsage, options.server.url + ": the answer has no result");
  }
  print_messages(*answer, "warnings", "warning");
  print_messages(*answer, "infos", "info");
  const std::string type = member_text(*data, "resultType");
  if (type == "scalar" || type == "string") {
    std::printf("%s\n", sample_text(*result).c_str());
    return 0;
  }
  const boost::json::array& series = result->get_array();
  if (type == "matrix" && wants_range(options)) {
    std::printf("%s", draw_chart(chart_series(series), question->chart).c_str());
  } else {
    print_table(table_rows(series));
  }
  return series.empty() && options.fail_empty ? kRefused : 0;
}

}  // namespace tocsin::app
