#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"

namespace tocsin::net {

/// Certificates and settings of one side of TLS. OpenSSL and the trust store are first touched
/// when one is made.
class TlsContext {
 public:
  struct Native;

  /// kDenied when a file cannot be read or does not fit.
  static base::Result<std::shared_ptr<TlsContext>> client(const TlsOptions& options);
  static base::Result<std::shared_ptr<TlsContext>> server(const std::string& cert_file,
                                                          const std::string& key_file);

  explicit TlsContext(std::unique_ptr<Native> native);
  ~TlsContext();
  Native& native() { return *native_; }

 private:
  std::unique_ptr<Native> native_;
};

}  // namespace tocsin::net
