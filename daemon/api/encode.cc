#include "api/encode.h"

#include <type_traits>

#include "api/encode_histogram.h"
#include "api/json.h"
#include "base/text.h"

namespace tocsin::api {
namespace {

using base::ErrorCode;

net::ServerResponse json_response(int status, std::string body) {
  net::ServerResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

void write_strings(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) {
    return;
  }
  json.key(name).begin_array();
  for (const std::string& text : texts) {
    json.string(text);
  }
  json.end_array();
}

/// Scalars and strings.
void write_point(JsonWriter& json, std::int64_t time_ms, const std::string& value) {
  json.begin_array().raw(format_seconds(time_ms)).string(value).end_array();
}

void write_result(JsonWriter& json, const promql::Scalar& scalar) {
  // Unlike those of vectors, Prometheus prints scalars without exponent.
  write_point(json, scalar.time_ms, base::format_number(scalar.value));
}

void write_result(JsonWriter& json, const promql::String& text) {
  write_point(json, text.time_ms, text.value);
}

void write_result(JsonWriter& json, const promql::Vector& vector) {
  json.begin_array();
  for (const promql::VectorElement& element : vector) {
    json.begin_object().key("metric").labels(element.labels);
    if (element.histogram) {
      write_histogram_point(json.key("histogram"), element.time_ms, *element.histogram);
    } else {
      json.key("value").sample(element.time_ms, element.value);
    }
    json.end_object();
  }
  json.end_array();
}

void write_result(JsonWriter& json, const promql::Matrix& matrix) {
  json.begin_array();
  for (const promql::MatrixSeries& series : matrix) {
    json.begin_object().key("metric").labels(series.labels);
    if (!series.samples.empty() || series.histograms.empty()) {
      json.key("values").begin_array();
      for (const model::Sample& sample : series.samples) {
        json.sample(sample.time_ms, sample.value);
      }
      json.end_array();
    }
    if (!series.histograms.empty()) {
      json.key("histograms").begin_array();
      for (const model::HistogramSample& sample : series.histograms) {
        write_histogram_point(json, sample.time_ms, *sample.histogram);
      }
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

template <class T>
constexpr std::string_view result_type() {
  if constexpr (std::is_same_v<T, promql::Scalar>) {
    return "scalar";
  } else if constexpr (std::is_same_v<T, promql::Vector>) {
    return "vector";
  } else if constexpr (std::is_same_v<T, promql::Matrix>) {
    return "matrix";
  } else {
    return "string";
  }
}

}  // namespace

net::ServerResponse success(const std::string& data, const std::vector<std::string>& warnings,
                            const std::vector<std::string>& infos) {
  JsonWriter json;
  json.begin_object().field("status", "success").key("data").raw(data);
  write_strings(json, "warnings", warnings);
  write_strings(json, "infos", infos);
  json.end_object();
  return json_response(200, json.take());
}

net::ServerResponse failure(int status, std::string_view type, std::string_view message) {
  JsonWriter json;
  json.begin_object().field("status", "error").field("errorType", type);
  json.field("error", message).end_object();
  return json_response(status, json.take());
}

net::ServerResponse bad_parameter(std::string_view name, const base::Error& error) {
  const std::string where = "invalid parameter " + base::quote(name) + ": ";
  return failure(400, "bad_data", where + error.to_string());
}

std::string_view error_type(const base::Error& error) {
  switch (error.code()) {
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kCancelled:
      return "canceled";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kInternal:
      return "internal";
    default:
      return "execution";
  }
}

net::ServerResponse failed_query(const base::Error& error) {
  const std::string_view type = error_type(error);
  const int status = type == "execution"  ? 422
                     : type == "canceled" ? 499
                     : type == "internal" ? 500
                                          : 503;
  return failure(status, type, error.to_string());
}

std::string encode_value(const promql::Value& value) {
  JsonWriter json;
  json.begin_object();
  std::visit(
      [&json](const auto& result) {
        json.field("resultType", result_type<std::decay_t<decltype(result)>>()).key("result");
        write_result(json, result);
      },
      value);
  json.end_object();
  return json.take();
}

std::string encode_label_sets(const std::vector<model::Labels>& sets) {
  JsonWriter json;
  json.begin_array();
  for (const model::Labels& labels : sets) {
    json.labels(labels);
  }
  json.end_array();
  return json.take();
}

std::string encode_strings(const std::vector<std::string>& texts) {
  JsonWriter json;
  json.begin_array();
  for (const std::string& text : texts) {
    json.string(text);
  }
  json.end_array();
  return json.take();
}

}  // namespace tocsin::api
