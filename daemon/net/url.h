#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin::net {

/// The parts of an absolute http or https URL.
struct Url {
  std::string scheme;  ///< "http" or "https"
  /// Name or address, without brackets. A socket's path for `http://unix%3A%2Frun%2Fx.sock/`:
  /// hosts that begin with "unix:" are paths of Unix sockets.
  std::string host;
  std::uint16_t port = 0;  ///< explicit, or that of the scheme
  std::string target;      ///< path and query as they go on the wire; at least "/"
  std::string user;        ///< percent-decoded
  std::string password;
  bool has_user = false;

  /// "https://host:8443": what errors may show. Without the port when it is the scheme's.
  std::string origin() const;
  /// The Host header: brackets around IPv6, no default port.
  std::string authority() const;
};

/// kInvalidInput; the message does not repeat the text, which may hold a secret.
base::Result<Url> parse_url(std::string_view text);

/// The URL that a Location header names, seen from `from`.
base::Result<std::string> resolve_reference(std::string_view from, std::string_view location);

/// Whether the credentials of a request to `first` may go along when `from` redirects to `to`: to
/// the same host or one below it, whatever the port, as Go's client has it; never from https to
/// http.
bool may_carry_credentials(const Url& first, const Url& from, const Url& to);

/// RFC 3986: all but letters, digits and -._~ become %XX.
std::string percent_encode(std::string_view text);
/// %XX becomes its byte, `+` a blank when `plus_is_blank`. Broken escapes stay as they are.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;
/// `a=1&b=x+y`, as in URLs and form bodies.
QueryParameters parse_query(std::string_view text);
std::string format_query(const QueryParameters& parameters);

/// Splits "host:port", "[::1]:9746", ":9746". kInvalidInput without a port.
base::Result<std::pair<std::string, std::uint16_t>> parse_host_port(std::string_view text);

}  // namespace tocsin::net
