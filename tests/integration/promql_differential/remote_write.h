#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "integration/promql_differential/series_file.h"
#include "net/http.h"

namespace tocsin::differential {

/// The part of a series that goes into one request.
struct WrittenSeries {
  const model::Labels* labels = nullptr;
  std::span<const model::Sample> samples;
};

/// Body of a request of Prometheus' remote write protocol 1.0: a WriteRequest as protocol buffer,
/// in snappy's block format.
std::string encode_write_request(const std::vector<WrittenSeries>& series);

struct RequestLimits {
  /// A new head accepts samples up to an hour older than its newest: whole series one after the
  /// other would be refused, slices of time are not.
  base::Duration slice = std::chrono::minutes(30);
  std::size_t samples = 50'000;
};

/// The series cut into requests, in the order in which they have to be sent.
std::vector<std::vector<WrittenSeries>> cut_requests(const std::vector<SeriesData>& series,
                                                     const RequestLimits& limits);

/// Sends all of them to a receiver such as http://127.0.0.1:9090/api/v1/write. The series have to
/// outlive the task.
async::Task<base::Status> send_series(net::HttpClient& client, const base::Clock& clock,
                                      std::string url, const std::vector<SeriesData>& series);

}  // namespace tocsin::differential
