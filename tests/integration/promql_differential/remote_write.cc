#include "integration/promql_differential/remote_write.h"

#include <snappy.h>

#include <algorithm>
#include <limits>
#include <protozero/pbf_writer.hpp>

namespace tocsin::differential {
namespace {

// Field numbers of prometheus.WriteRequest, TimeSeries, Label and Sample.
constexpr protozero::pbf_tag_type kTimeSeries = 1;
constexpr protozero::pbf_tag_type kLabels = 1;
constexpr protozero::pbf_tag_type kSamples = 2;
constexpr protozero::pbf_tag_type kLabelName = 1;
constexpr protozero::pbf_tag_type kLabelValue = 2;
constexpr protozero::pbf_tag_type kSampleValue = 1;
constexpr protozero::pbf_tag_type kSampleTime = 2;

constexpr std::chrono::seconds kRequestLimit{60};

}  // namespace

std::string encode_write_request(const std::vector<WrittenSeries>& series) {
  std::string message;
  protozero::pbf_writer request(message);
  for (const WrittenSeries& one : series) {
    protozero::pbf_writer time_series(request, kTimeSeries);
    for (const model::Label& label : *one.labels) {
      protozero::pbf_writer pair(time_series, kLabels);
      pair.add_string(kLabelName, std::string(label.name.view()));
      pair.add_string(kLabelValue, std::string(label.value.view()));
    }
    for (const model::Sample& sample : one.samples) {
      protozero::pbf_writer pair(time_series, kSamples);
      pair.add_double(kSampleValue, sample.value);
      pair.add_int64(kSampleTime, sample.time_ms);
    }
  }
  std::string compressed;
  snappy::Compress(message.data(), message.size(), &compressed);
  return compressed;
}

std::vector<std::vector<WrittenSeries>> cut_requests(const std::vector<SeriesData>& series,
                                                     const RequestLimits& limits) {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const SeriesData& one : series) {
    if (!one.samples.empty()) {
      first = std::min(first, one.samples.front().time_ms);
      last = std::max(last, one.samples.back().time_ms);
    }
  }
  std::vector<std::size_t> next(series.size(), 0);
  std::vector<std::vector<WrittenSeries>> requests;
  for (std::int64_t start = first; start <= last; start += limits.slice.count()) {
    std::size_t held = limits.samples;  // so that each slice begins a request
    for (std::size_t i = 0; i < series.size(); ++i) {
      const std::vector<model::Sample>& samples = series[i].samples;
      const std::size_t begin = next[i];
      while (next[i] < samples.size() && samples[next[i]].time_ms < start + limits.slice.count()) {
        ++next[i];
      }
      if (next[i] == begin) {
        continue;
      }
      if (held >= limits.samples) {
        requests.emplace_back();
        held = 0;
      }
      held += next[i] - begin;
      requests.back().push_back(
          {&series[i].labels, std::span(samples).subspan(begin, next[i] - begin)});
    }
  }
  return requests;
}

async::Task<base::Status> send_series(net::HttpClient& client, const base::Clock& clock,
                                      std::string url, const std::vector<SeriesData>& series) {
  for (const std::vector<WrittenSeries>& part : cut_requests(series, {})) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers.set("Content-Type", "application/x-protobuf");
    request.headers.set("Content-Encoding", "snappy");
    request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
    request.body = encode_write_request(part);
    const base::MonotonicTime deadline = clock.monotonic_now() + kRequestLimit;
    const base::Result<net::HttpResponse> response =
        co_await client.send(std::move(request), deadline);
    if (!response) {
      co_return response.error();
    }
    if (response->status / 100 != 2) {
      co_return base::Error(
          base::ErrorCode::kDenied,
          "remote write: " + std::to_string(response->status) + " " + response->body);
    }
  }
  co_return base::Status{};
}

}  // namespace tocsin::differential
