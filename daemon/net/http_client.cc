#include "net/http_client.h"

#include <algorithm>
#include <array>

#include "async/deadline.h"
#include "base/text.h"
#include "net/base64.h"
#include "net/response_reader.h"

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kReadPiece = 64 * 1024;
/// Certificates rotate under their file names; how long a loaded one is trusted to be current.
constexpr auto kTlsFilesAge = std::chrono::minutes(5);

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

/// RFC 9110, 9.2.2: may be sent twice without harm.
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" ||
         method == "OPTIONS" || method == "TRACE";
}

base::Status check(const HttpRequest& request) {
  if (!is_token(request.method)) {
    return Error(ErrorCode::kInvalidInput, "not an HTTP method");
  }
  for (const auto& [name, value] : request.headers.all()) {
    if (!is_token(name) || !is_field_value(value)) {
      return Error(ErrorCode::kInvalidInput, "not a valid header field: " + base::quote(name));
    }
  }
  return {};
}

std::string format_head(const HttpRequest& request, const Url& url, const std::string& agent) {
  std::string head = request.method + " " + url.target + " HTTP/1.1\r\n";
  const auto line = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  const auto add_missing = [&](std::string_view name, std::string_view value) {
    if (!request.headers.get(name)) {
      line(name, value);
    }
  };
  add_missing("Host", url.authority());
  for (const auto& [name, value] : request.headers.all()) {
    const std::string lower = base::to_lower(name);
    if (lower != "content-length" && lower != "transfer-encoding") {
      line(name, value);
    }
  }
  add_missing("User-Agent", agent);
  add_missing("Accept-Encoding", "gzip");
  if (url.has_user) {
    add_missing("Authorization", "Basic " + base64_encode(url.user + ":" + url.password));
  }
  const bool usual =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || usual) {
    line("Content-Length", std::to_string(request.body.size()));
  }
  return head + "\r\n";
}

std::string tls_key(const TlsOptions& tls) {
  return tls.ca_file + "\n" + tls.cert_file + "\n" + tls.key_file + "\n" + tls.server_name + "\n" +
         (tls.insecure_skip_verify ? "1" : "0");
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// What a browser and Go's client do: 303 asks with GET, 301 and 302 turn POST into GET.
void redirect(HttpRequest& request, int status, std::string url, bool keeps_credentials) {
  const bool keeps_method = status == 307 || status == 308;
  if (!keeps_method && request.method != "GET" && request.method != "HEAD") {
    request.method = "GET";
    request.body.clear();
    request.headers.remove("Content-Type");
  }
  if (!keeps_credentials) {
    // For the rest of the way, too: they do not come back when a later hop does.
    request.headers.remove("Authorization");
    request.headers.remove("Proxy-Authorization");
    request.headers.remove("Cookie");
    request.headers.remove("Cookie2");
  }
  request.headers.remove("Host");
  request.url = std::move(url);
}

}  // namespace

HttpClientImpl::HttpClientImpl(boost::asio::any_io_executor executor, const base::Clock& clock,
                               async::Timers& timers, HttpClientOptions options)
    : executor_(executor),
      clock_(clock),
      timers_(timers),
      options_(std::move(options)),
      pool_(options_.pool),
      resolver_(std::move(executor), clock, timers) {}

HttpClientImpl::~HttpClientImpl() = default;

async::Task<base::Result<HttpResponse>> HttpClientImpl::send(HttpRequest request,
                                                             base::MonotonicTime deadline) {
  const base::Status valid = check(request);
  if (!valid) {
    co_return valid.error();
  }
  auto work = follow(std::move(request), deadline);
  co_return co_await async::with_deadline(timers_, deadline, std::move(work));
}

async::Task<base::Result<HttpResponse>> HttpClientImpl::follow(HttpRequest request,
                                                               base::MonotonicTime deadline) {
  const base::Result<Url> first = parse_url(request.url);
  for (int hops = 0; hops <= options_.max_redirects; ++hops) {
    base::Result<Url> url = parse_url(request.url);
    if (!url) {
      co_return url.error();
    }
    base::Result<HttpResponse> response = co_await exchange(request, *url, deadline);
    if (!response) {
      Error error = response.error();
      co_return std::move(error).context(url->origin());
    }
    const auto location = response->headers.get("Location");
    if (!request.follow_redirects || !is_redirect(response->status) || !location) {
      co_return response;
    }
    base::Result<std::string> next = resolve_reference(request.url, *location);
    if (!next) {
      co_return next.error();
    }
    const base::Result<Url> target = parse_url(*next);
    const bool keeps_credentials = target && may_carry_credentials(*first, *url, *target);
    redirect(request, response->status, std::move(*next), keeps_credentials);
  }
  co_return Error(
      ErrorCode::kLimitExceeded,
      first->origin() + ": gave up after " + std::to_string(options_.max_redirects) + " redirects");
}

async::Task<base::Result<HttpResponse>> HttpClientImpl::exchange(HttpRequest request, Url url,
                                                                 base::MonotonicTime deadline) {
  const std::string key =
      url.scheme == "https" ? url.origin() + "\n" + tls_key(request.tls) : url.origin();
  const std::string head = format_head(request, url, options_.user_agent);
  const bool is_head = request.method == "HEAD";
  std::optional<Stream> pooled = pool_.take(key, clock_.monotonic_now());
  if (pooled) {
    Attempt first = co_await attempt(std::move(*pooled), head, request.body, is_head,
                                     request.max_body_bytes, key, true);
    if (!first.retry_on_new || !is_idempotent(request.method)) {
      co_return std::move(first.response);
    }
  }
  base::Result<Stream> fresh = co_await open(url, request.tls, deadline);
  if (!fresh) {
    co_return fresh.error();
  }
  Attempt second = co_await attempt(std::move(*fresh), head, std::move(request.body), is_head,
                                    request.max_body_bytes, key, false);
  co_return std::move(second.response);
}

async::Task<HttpClientImpl::Attempt> HttpClientImpl::attempt(Stream stream, std::string head,
                                                             std::string body, bool is_head,
                                                             std::size_t max_body,
                                                             std::string pool_key, bool reused) {
  ResponseReader reader(is_head, max_body);
  // A failed write is not the last word: the server may have answered and closed early.
  head += body;
  const base::Status written = co_await stream.write(head);
  if (!written && written.error().code() == ErrorCode::kCancelled) {
    Attempt failed{written.error(), false};
    co_return failed;
  }
  const auto piece = std::make_unique<std::array<char, kReadPiece>>();
  bool done = false;
  while (!done) {
    const base::Result<std::size_t> got = co_await stream.read_some(piece->data(), piece->size());
    if (!got) {
      const bool cancelled = got.error().code() == ErrorCode::kCancelled;
      Attempt failed{got.error(), reused && !reader.started() && !cancelled};
      co_return failed;
    }
    if (*got == 0) {
      const base::Status ended = reader.end_of_stream();
      if (!ended) {
        Attempt failed{ended.error(), reused && !reader.started()};
        co_return failed;
      }
      break;
    }
    const base::Result<bool> fed = reader.feed(std::string_view(piece->data(), *got));
    if (!fed) {
      Attempt failed{fed.error(), false};
      co_return failed;
    }
    done = *fed;
  }
  const base::MonotonicTime arrived = clock_.monotonic_now();
  if (done && written && reader.reusable()) {
    pool_.put(pool_key, std::move(stream), arrived);
  }
  HttpResponse response = reader.take();
  response.arrived = arrived;
  Attempt success{std::move(response), false};
  co_return success;
}

async::Task<base::Result<Stream>> HttpClientImpl::open(Url url, TlsOptions tls,
                                                       base::MonotonicTime deadline) {
  base::Result<Stream> stream = co_await connect(url, deadline);
  if (!stream || url.scheme != "https") {
    co_return stream;
  }
  const base::Result<std::shared_ptr<TlsContext>> context = tls_context(tls);
  if (!context) {
    co_return context.error();
  }
  const std::string name = tls.server_name.empty() ? url.host : tls.server_name;
  const base::Status shaken =
      co_await stream->start_client_tls(*context, name, !tls.insecure_skip_verify);
  if (!shaken) {
    co_return shaken.error();
  }
  co_return stream;
}

namespace {

async::Task<base::Result<bool>> connect_one(Stream& stream, Address address) {
  const base::Status connected = co_await stream.connect(std::move(address));
  if (!connected) {
    co_return connected.error();
  }
  co_return base::Result<bool>(true);
}

}  // namespace

async::Task<base::Result<Stream>> HttpClientImpl::connect(Url url, base::MonotonicTime deadline) {
  const base::Result<std::vector<Address>> addresses =
      co_await resolver_.resolve(url.host, url.port, deadline);
  if (!addresses) {
    co_return addresses.error();
  }
  Error last(ErrorCode::kUnavailable, "no address");
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    Stream stream(executor_);
    // Each address gets its share of what is left, so that one that swallows packets leaves time
    // for the next.
    const auto left = deadline - clock_.monotonic_now();
    const auto share = left / static_cast<std::int64_t>(addresses->size() - i);
    auto work = connect_one(stream, (*addresses)[i]);
    const base::Result<bool> connected =
        co_await async::with_deadline(timers_, clock_.monotonic_now() + share, std::move(work));
    if (connected) {
      co_return stream;
    }
    last = connected.error();
    if (last.code() == ErrorCode::kCancelled) {
      break;
    }
  }
  co_return last;
}

base::Result<std::shared_ptr<TlsContext>> HttpClientImpl::tls_context(const TlsOptions& options) {
  TlsOptions relevant = options;
  relevant.server_name.clear();
  const std::string key = tls_key(relevant);
  const base::MonotonicTime now = clock_.monotonic_now();
  const auto found = tls_.find(key);
  if (found != tls_.end() && now - found->second.loaded < kTlsFilesAge) {
    return found->second.context;
  }
  base::Result<std::shared_ptr<TlsContext>> made = TlsContext::client(options);
  if (made) {
    tls_[key] = {*made, now};
  }
  return made;
}

}  // namespace tocsin::net
