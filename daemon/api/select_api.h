#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/views.h"
#include "base/clock.h"
#include "net/http.h"
#include "series/snapshot.h"

namespace tocsin::api {

/// /api/v1/series, labels and label values: which series there are. Series are pinned on the main
/// loop and gone through elsewhere. Main loop only.
class SelectApi {
 public:
  explicit SelectApi(Queries& queries) : queries_(queries) {}

  async::Task<net::ServerResponse> series(net::ServerRequest request);
  async::Task<net::ServerResponse> labels(net::ServerRequest request);
  /// `name` as it stands in the path.
  async::Task<net::ServerResponse> label_values(net::ServerRequest request, std::string name);

 private:
  /// The label sets that were found, and how many entries the answer may have (0: all).
  using Answer = std::function<net::ServerResponse(const std::vector<model::Labels>& found,
                                                   std::size_t limit)>;
  struct Work;
  async::Task<net::ServerResponse> select(net::ServerRequest request, Answer answer,
                                          bool names_parameter);

  Queries& queries_;
};

}  // namespace tocsin::api
