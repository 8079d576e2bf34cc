#pragma once

#include "api/views.h"
#include "net/http.h"

namespace tocsin::api {

/// /api/v1/status/… and alertmanagers. Main loop only.
class StatusApi {
 public:
  StatusApi(Views& views, Queries& queries) : views_(views), queries_(queries) {}

  net::ServerResponse build() const;
  net::ServerResponse runtime() const;
  net::ServerResponse config() const;
  net::ServerResponse flags() const;
  net::ServerResponse alertmanagers() const;
  /// What the series are made of: the largest metrics, labels and pairs. All series are gone
  /// through, away from the loop.
  async::Task<net::ServerResponse> series_statistics(net::ServerRequest request);

 private:
  Views& views_;
  Queries& queries_;
};

}  // namespace tocsin::api
