#include "api/cors.h"

#include <re2/re2.h>

namespace tocsin::api {
namespace {

std::shared_ptr<const re2::RE2> compile(const std::string& origins) {
  return std::make_shared<re2::RE2>("(?:" + origins + ")", re2::RE2::Quiet);
}

}  // namespace

bool is_origin_pattern(const std::string& origins) { return compile(origins)->ok(); }

Cors::Cors(const std::string& origins) : everybody_(origins == ".*") {
  if (!origins.empty() && is_origin_pattern(origins)) {
    origins_ = compile(origins);
  }
}

bool Cors::allows(std::string_view origin) const {
  return origins_ && re2::RE2::FullMatch({origin.data(), origin.size()}, *origins_);
}

void Cors::apply(const std::optional<std::string>& origin, net::ServerResponse& response) const {
  if (!origins_) {
    return;
  }
  response.headers.add("Vary", "Origin");
  if (!origin || !allows(*origin)) {
    return;
  }
  response.headers.set("Access-Control-Allow-Headers",
                       "Accept, Authorization, Content-Type, Origin");
  response.headers.set("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.set("Access-Control-Allow-Origin", everybody_ ? "*" : *origin);
  response.headers.set("Access-Control-Expose-Headers", "Date");
}

}  // namespace tocsin::api
