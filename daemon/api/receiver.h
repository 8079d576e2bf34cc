#pragma once

#include "async/task.h"
#include "net/http.h"

namespace tocsin::api {

/// Takes the samples that others bring. The app implements it; access has been checked when it is
/// called. Main loop only.
class Receiver {
 public:
  virtual ~Receiver() = default;
  /// POST /api/v1/write: Prometheus remote write, 1.0 and 2.0.
  virtual async::Task<net::ServerResponse> remote_write(net::ServerRequest request) = 0;
  /// POST /tocsin/v1/push: a page in the text format or OpenMetrics.
  virtual async::Task<net::ServerResponse> push(net::ServerRequest request) = 0;
};

}  // namespace tocsin::api
