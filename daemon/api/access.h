#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "net/http.h"

namespace tocsin::api {

enum class Role : std::uint8_t {
  kViewer,    ///< reads
  kOperator,  ///< also gives commands
};

struct Credential {
  std::string name;  ///< the user's name; for tokens, what records call the bearer
  base::Secret secret;
  Role role = Role::kOperator;
};

struct AuthOptions {
  std::vector<Credential> tokens;  ///< Authorization: Bearer …
  std::vector<Credential> users;   ///< Authorization: Basic …

  bool configured() const { return !tokens.empty() || !users.empty(); }
};

enum class Access : std::uint8_t {
  kGranted,
  kUnauthorized,  ///< credentials are missing or wrong: 401
  kForbidden,     ///< this listener or role may not: 403
};

/// Who may do what. Health and metrics are open to all. Without configured credentials everything
/// else is for the loopback only; with them it needs them, on the loopback too.
Access check_access(const AuthOptions& options, const net::ServerRequest& request, Role needed);

/// Whether the path is one of those that need no credentials.
bool is_open_path(std::string_view path);

/// Takes as long for texts that differ early as for those that differ late.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace tocsin::api
