#include "net/tls.h"

#include <openssl/ssl.h>

#include "net/tls_native.h"

namespace tocsin::net {
namespace {

namespace ssl = boost::asio::ssl;
using base::Error;
using base::ErrorCode;

Error failure(const std::string& file, const boost::system::error_code& error) {
  return {ErrorCode::kDenied, file + ": " + error.message()};
}

base::Status load_pair(ssl::context& context, const std::string& cert_file,
                       const std::string& key_file) {
  boost::system::error_code error;
  context.use_certificate_chain_file(cert_file, error);
  if (error) {
    return failure(cert_file, error);
  }
  const std::string& key = key_file.empty() ? cert_file : key_file;
  context.use_private_key_file(key, ssl::context::pem, error);
  if (error) {
    return failure(key, error);
  }
  return {};
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Native> native) : native_(std::move(native)) {}
TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<TlsContext>> TlsContext::client(const TlsOptions& options) {
  auto native = std::make_unique<Native>(ssl::context::tls_client);
  ssl::context& context = native->context;
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  if (options.insecure_skip_verify) {
    context.set_verify_mode(ssl::verify_none, error);
  } else {
    context.set_verify_mode(ssl::verify_peer, error);
    if (options.ca_file.empty()) {
      context.set_default_verify_paths(error);
    } else {
      context.load_verify_file(options.ca_file, error);
    }
    if (error) {
      return failure(options.ca_file.empty() ? "system trust store" : options.ca_file, error);
    }
  }
  if (!options.cert_file.empty()) {
    const base::Status loaded = load_pair(context, options.cert_file, options.key_file);
    if (!loaded) {
      return loaded.error();
    }
  }
  return std::make_shared<TlsContext>(std::move(native));
}

base::Result<std::shared_ptr<TlsContext>> TlsContext::server(const std::string& cert_file,
                                                             const std::string& key_file) {
  auto native = std::make_unique<Native>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(native->context.native_handle(), TLS1_2_VERSION);
  const base::Status loaded = load_pair(native->context, cert_file, key_file);
  if (!loaded) {
    return loaded.error();
  }
  return std::make_shared<TlsContext>(std::move(native));
}

}  // namespace tocsin::net
