#pragma once

#include "api/views.h"
#include "net/http.h"

namespace tocsin::api {

/// /api/v1/metadata and targets/metadata: what the targets say of their metrics. Main loop only.
class MetadataApi {
 public:
  MetadataApi(Views& views, Queries& queries) : views_(views), queries_(queries) {}

  net::ServerResponse metadata(const net::ServerRequest& request);
  net::ServerResponse target_metadata(const net::ServerRequest& request);

 private:
  Views& views_;
  Queries& queries_;
};

}  // namespace tocsin::api
