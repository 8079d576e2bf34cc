#pragma once

#include <string>

namespace tocsin::bench {

/// A page in the text format as a service writes it: request counters by method, code and path,
/// `samples` of them, with the metadata of one family. `tick` moves the values on.
inline std::string request_page(int samples, int tick) {
  std::string page =
      "# HELP http_requests_total Requests that were answered.\n"
      "# TYPE http_requests_total counter\n";
  for (int i = 0; i < samples; ++i) {
    page += "http_requests_total{method=\"";
    page += i % 2 == 0 ? "GET" : "POST";
    page += "\",code=\"";
    page += i % 10 == 0 ? "500" : "200";
    page += "\",path=\"/api/v1/stores/" + std::to_string(i) + "\"} ";
    page += std::to_string(1'000'000 + i * 37 + tick * (i % 7)) + "\n";
  }
  return page;
}

}  // namespace tocsin::bench
