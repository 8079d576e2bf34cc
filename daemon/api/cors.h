#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace re2 {
class RE2;
}

namespace tocsin::api {

/// Which pages of other sites may read /api/v1 from within a browser, as Prometheus'
/// --web.cors.origin says it: a regular expression that matches the whole origin.
///
/// Without one nobody may: a browser on the machine would hand everything to any page it shows,
/// since the loopback needs no credentials. Credentials that a browser keeps are never let through
/// (no Access-Control-Allow-Credentials), and nothing but the reading part of /api/v1 takes part.
class Cors {
 public:
  /// Nobody.
  Cors() = default;
  /// `.*` lets everybody in; an expression that does not compile nobody.
  explicit Cors(const std::string& origins);

  bool allows(std::string_view origin) const;
  /// Adds what a browser wants to know that asks for a page of `origin`, the header's value.
  void apply(const std::optional<std::string>& origin, net::ServerResponse& response) const;

 private:
  bool everybody_ = false;
  std::shared_ptr<const re2::RE2> origins_;
};

/// Whether `origins` is such an expression.
bool is_origin_pattern(const std::string& origins);

}  // namespace tocsin::api
