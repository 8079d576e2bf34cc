#pragma once

#include "api/views.h"
#include "net/http.h"

namespace tocsin::api {

/// /api/v1/format_query and parse_query: what an expression looks like.
class ExpressionApi {
 public:
  explicit ExpressionApi(Queries& queries) : queries_(queries) {}

  /// The expression in the layout that people like to read.
  net::ServerResponse format(const net::ServerRequest& request) const;
  /// The expression's tree.
  net::ServerResponse tree(const net::ServerRequest& request) const;

 private:
  Queries& queries_;
};

}  // namespace tocsin::api
