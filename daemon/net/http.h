#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace tocsin::net {

/// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  /// Replaces the first field of that name, or adds one.
  void set(std::string_view name, std::string_view value);
  /// Adds one more field, such as a second Set-Cookie.
  void add(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  std::optional<std::string_view> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Whether an Accept-Encoding header takes gzip: its weight is not zero.
bool lists_gzip(std::string_view accept_encoding);
bool accepts_gzip(const Headers& headers);

struct TlsOptions {
  std::string ca_file;    ///< empty: the system's trust store, loaded on first use
  std::string cert_file;  ///< client certificate, PEM
  std::string key_file;
  std::string server_name;  ///< empty: the host of the URL
  bool insecure_skip_verify = false;
};

/// A request of the client. `url` is absolute, http or https; it may hold a secret, so errors
/// name only scheme, host and port.
struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  TlsOptions tls;
  bool follow_redirects = false;
  std::size_t max_body_bytes = 64U << 20;  ///< of the answer, after decompression; 0: no limit
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;  ///< decompressed when the answer was gzip
  /// When the last byte of the body had arrived.
  base::MonotonicTime arrived;
};

/// Sends requests. Connections are kept alive and reused per origin. Main loop only.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// kTimeout at the deadline, kUnavailable (resolve, connect, reset), kDenied (TLS),
  /// kLimitExceeded (body, redirects), kCorrupt (not HTTP, truncated body), kCancelled.
  virtual async::Task<base::Result<HttpResponse>> send(HttpRequest request,
                                                       base::MonotonicTime deadline) = 0;
};

/// A request that the server received.
struct ServerRequest {
  std::string method;
  std::string path;                                        ///< percent-decoded
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order; form bodies too
  Headers headers;
  std::string body;
  std::string remote_address;
  bool loopback = false;  ///< the listener is bound to the loopback

  /// The first value of a query parameter.
  std::optional<std::string_view> parameter(std::string_view name) const;
  std::vector<std::string> parameters(std::string_view name) const;
};

struct ServerResponse {
  int status = 200;
  Headers headers;
  std::string body;
};

using Handler = std::function<async::Task<ServerResponse>(ServerRequest)>;

}  // namespace tocsin::net
