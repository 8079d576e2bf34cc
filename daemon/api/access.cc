#include "api/access.h"

#include <algorithm>

#include "base/text.h"
#include "net/base64.h"

namespace tocsin::api {
namespace {

const Credential* find_token(const AuthOptions& options, std::string_view token) {
  const Credential* found = nullptr;
  // All are compared, found or not, so that time does not tell which one came close.
  for (const Credential& credential : options.tokens) {
    if (equal_constant_time(credential.secret.reveal(), token) && !token.empty()) {
      found = &credential;
    }
  }
  return found;
}

const Credential* find_user(const AuthOptions& options, std::string_view encoded) {
  const std::optional<std::string> decoded = net::base64_decode(base::trim(encoded));
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return nullptr;
  }
  const std::string_view name = std::string_view(*decoded).substr(0, colon);
  const std::string_view password = std::string_view(*decoded).substr(colon + 1);
  const Credential* found = nullptr;
  for (const Credential& credential : options.users) {
    const bool same_name = equal_constant_time(credential.name, name);
    const bool same_password = equal_constant_time(credential.secret.reveal(), password);
    if (same_name && same_password && !password.empty()) {
      found = &credential;
    }
  }
  return found;
}

const Credential* find_credential(const AuthOptions& options, std::string_view header) {
  const std::size_t blank = std::min(header.find(' '), header.size());
  const std::string scheme = base::to_lower(header.substr(0, blank));
  const std::string_view rest = base::trim(header.substr(blank));
  if (scheme == "bearer") {
    return find_token(options, rest);
  }
  return scheme == "basic" ? find_user(options, rest) : nullptr;
}

}  // namespace

bool equal_constant_time(std::string_view a, std::string_view b) {
  // The length of what the caller sent decides how long this takes; it knows that anyway.
  volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const char other = a.empty() ? '\0' : a[i % a.size()];
    difference = static_cast<unsigned char>(difference | (other ^ b[i]));
  }
  return difference == 0;
}

bool is_open_path(std::string_view path) {
  return path == "/metrics" || path == "/-/healthy" || path == "/-/ready" || path == "/health";
}

Access check_access(const AuthOptions& options, const net::ServerRequest& request, Role needed) {
  if (is_open_path(request.path)) {
    return Access::kGranted;
  }
  if (!options.configured()) {
    return request.loopback ? Access::kGranted : Access::kForbidden;
  }
  const auto header = request.headers.get("Authorization");
  const Credential* credential = header ? find_credential(options, *header) : nullptr;
  if (credential == nullptr) {
    return Access::kUnauthorized;
  }
  const bool enough = needed == Role::kViewer || credential->role == Role::kOperator;
  return enough ? Access::kGranted : Access::kForbidden;
}

}  // namespace tocsin::api
