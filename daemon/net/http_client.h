#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "async/timers.h"
#include "base/clock.h"
#include "net/connection_pool.h"
#include "net/http.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "net/url.h"

namespace tocsin::net {

struct HttpClientOptions {
  std::string user_agent = "tocsin";
  ConnectionPool::Limits pool;
  int max_redirects = 10;
};

/// The real client. No proxies: the environment's http_proxy is not looked at. Must outlive the
/// tasks that send, and be destroyed before the executor's context.
class HttpClientImpl final : public HttpClient {
 public:
  HttpClientImpl(boost::asio::any_io_executor executor, const base::Clock& clock,
                 async::Timers& timers, HttpClientOptions options = {});
  ~HttpClientImpl() override;

  async::Task<base::Result<HttpResponse>> send(HttpRequest request,
                                               base::MonotonicTime deadline) override;

  /// Closes the connections that wait for their next request.
  void close_idle() { pool_.clear(); }
  std::size_t idle_connections() const { return pool_.size(); }
  /// Resolver::stand_ins().
  std::uint64_t stand_in_addresses() const { return resolver_.stand_ins(); }

 private:
  /// One answer, and whether the server may not have seen the request at all.
  struct Attempt {
    base::Result<HttpResponse> response;
    bool retry_on_new = false;
  };
  struct CachedTls {
    std::shared_ptr<TlsContext> context;
    base::MonotonicTime loaded;
  };

  async::Task<base::Result<HttpResponse>> follow(HttpRequest request, base::MonotonicTime deadline);
  async::Task<base::Result<HttpResponse>> exchange(HttpRequest request, Url url,
                                                   base::MonotonicTime deadline);
  async::Task<base::Result<Stream>> open(Url url, TlsOptions tls, base::MonotonicTime deadline);
  async::Task<base::Result<Stream>> connect(Url url, base::MonotonicTime deadline);
  async::Task<Attempt> attempt(Stream stream, std::string head, std::string body, bool is_head,
                               std::size_t max_body, std::string pool_key, bool reused);
  base::Result<std::shared_ptr<TlsContext>> tls_context(const TlsOptions& options);

  boost::asio::any_io_executor executor_;
  const base::Clock& clock_;
  async::Timers& timers_;
  HttpClientOptions options_;
  ConnectionPool pool_;
  Resolver resolver_;
  std::map<std::string, CachedTls> tls_;
};

}  // namespace tocsin::net
