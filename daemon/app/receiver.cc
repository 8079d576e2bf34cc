#include "app/receiver.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/text.h"
#include "exposition/format.h"
#include "net/gzip.h"
#include "net/url.h"
#include "sources/remote_write/decode.h"
#include "sources/text_push.h"

namespace tocsin::app {
namespace {

namespace remote_write_room = sources::remote_write;
using base::ErrorCode;

/// Up to here a request is decoded where it arrived: the way to a thread would take longer.
constexpr std::size_t kInlineBytes = 64U << 10;
constexpr std::size_t kMaxPageBytes = 32U << 20;

/// Decodes a remote_write request; owns what it uses, for any thread.
struct DecodeWrite {
  std::string body;
  remote_write_room::Version version;

  base::Result<sources::Pushed> operator()() const {
    const auto message = remote_write_room::decompress(body, remote_write_room::kMaxDecodedBytes);
    if (!message) {
      return message.error();
    }
    return remote_write_room::decode(*message, version);
  }
};

/// Decodes a pushed page; owns what it uses, for any thread.
struct DecodePage {
  std::string body;
  bool gzip = false;
  exposition::Format format = exposition::Format::kText;
  std::vector<std::pair<std::string, std::string>> labels;

  base::Result<sources::Pushed> operator()() const {
    if (!gzip) {
      return sources::read_text_push(body, format, labels);
    }
    net::Inflater inflater;
    std::string page;
    if (const base::Status fed = inflater.feed(body, page, kMaxPageBytes); !fed) {
      return fed.error();
    }
    if (!inflater.finished()) {
      return base::Error(ErrorCode::kCorrupt, "the compressed body is cut off");
    }
    return sources::read_text_push(page, format, labels);
  }
};

net::ServerResponse plain(int status, std::string text) {
  net::ServerResponse response;
  response.status = status;
  if (!text.empty()) {
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = std::move(text) + "\n";
  }
  return response;
}

int status_of(const base::Error& error) {
  switch (error.code()) {
    case ErrorCode::kLimitExceeded:
      return 413;
    case ErrorCode::kInvalidInput:
    case ErrorCode::kCorrupt:
      return 400;
    default:
      return 503;
  }
}

std::string header(const net::ServerRequest& request, std::string_view name) {
  return std::string(request.headers.get(name).value_or(""));
}

constexpr const char* kNoBrowsers = "browsers may not push";

/// A page in somebody's browser could reach a daemon on the loopback.
bool is_of_browser(const net::ServerRequest& request) {
  return request.headers.get("Origin").has_value();
}

/// The parameters of the URL alone: curl calls any body a form.
std::vector<std::pair<std::string, std::string>> url_parameters(const net::ServerRequest& request) {
  std::size_t of_body = 0;
  if (base::to_lower(header(request, "Content-Type"))
          .starts_with("application/x-www-form-urlencoded")) {
    of_body = net::parse_query(request.body).size();
  }
  return {
      request.query.begin() + static_cast<std::ptrdiff_t>(std::min(of_body, request.query.size())),
      request.query.end()};
}

}  // namespace

void Receiver::count(PushKind kind, const char* outcome) {
  const char* name = kind == PushKind::kRemoteWrite ? "remote_write" : "push";
  parts_.metrics.sources_pushes_total.Add({{"kind", name}, {"outcome", outcome}}).Increment();
}

net::ServerResponse Receiver::refuse(PushKind kind, int status, const std::string& reason) {
  count(kind, "refused");
  return plain(status, reason);
}

net::ServerResponse Receiver::answer(PushKind kind, const sources::Pushed& pushed,
                                     base::MonotonicTime arrived, bool tell_counts) {
  const sources::PushOutcome outcome = parts_.feed.pushed(kind, pushed, arrived);
  count(kind, outcome.refusal.empty() ? "taken" : "partial");
  net::ServerResponse response =
      outcome.refusal.empty() ? plain(204, "") : plain(400, outcome.refusal);
  if (tell_counts) {
    const std::string prefix = "X-Prometheus-Remote-Write-";
    response.headers.set(prefix + "Samples-Written", std::to_string(outcome.samples));
    response.headers.set(prefix + "Histograms-Written", std::to_string(outcome.histograms));
    // Exemplars are accepted and dropped.
    response.headers.set(prefix + "Exemplars-Written", "0");
  }
  return response;
}

async::Task<net::ServerResponse> Receiver::remote_write(net::ServerRequest request) {
  constexpr PushKind kKind = PushKind::kRemoteWrite;
  const base::MonotonicTime arrived = parts_.clock.monotonic_now();
  if (is_of_browser(request)) {
    co_return refuse(kKind, 403, kNoBrowsers);
  }
  if (!remote_write_enabled_) {
    co_return refuse(kKind, 404,
                     "remote write receiver needs to be enabled with "
                     "--web.enable-remote-write-receiver or web.remote_write_receiver");
  }
  const auto version = remote_write_room::negotiate(header(request, "Content-Type"),
                                                    header(request, "Content-Encoding"));
  if (!version) {
    co_return refuse(kKind, 415, version.error().message());
  }
  DecodeWrite job{std::move(request.body), *version};
  base::Result<sources::Pushed> pushed = sources::Pushed{};
  if (job.body.size() <= kInlineBytes) {
    pushed = job();
  } else {
    pushed = co_await parts_.pool.run(std::move(job));
  }
  if (!pushed) {
    co_return refuse(kKind, status_of(pushed.error()), pushed.error().to_string());
  }
  co_return answer(kKind, *pushed, arrived, *version == remote_write_room::Version::kV2);
}

async::Task<net::ServerResponse> Receiver::push(net::ServerRequest request) {
  constexpr PushKind kKind = PushKind::kText;
  const base::MonotonicTime arrived = parts_.clock.monotonic_now();
  if (is_of_browser(request)) {
    co_return refuse(kKind, 403, kNoBrowsers);
  }
  const std::string encoding = base::to_lower(header(request, "Content-Encoding"));
  const bool gzip = encoding == "gzip" || encoding == "x-gzip";
  if (!gzip && !encoding.empty() && encoding != "identity") {
    net::ServerResponse response =
        refuse(kKind, 415, "Content-Encoding " + base::quote(encoding) + ": not gzip or identity");
    response.headers.set("Accept-Encoding", "gzip, identity");
    co_return response;
  }
  DecodePage job;
  job.labels = url_parameters(request);
  job.gzip = gzip;
  job.format = exposition::format_from_content_type(header(request, "Content-Type"));
  job.body = std::move(request.body);
  base::Result<sources::Pushed> pushed = sources::Pushed{};
  if (job.body.size() <= kInlineBytes) {
    pushed = job();
  } else {
    pushed = co_await parts_.pool.run(std::move(job));
  }
  if (!pushed) {
    co_return refuse(kKind, status_of(pushed.error()), pushed.error().to_string());
  }
  co_return answer(kKind, *pushed, arrived, false);
}

}  // namespace tocsin::app
