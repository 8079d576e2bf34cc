#include "sources/scrape_source.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "exposition/format.h"

namespace tocsin::sources {

namespace {

// Below this reading takes less than a tenth of a millisecond, and the way to a thread and back
// would cost more than it spares.
constexpr std::size_t kInlineBytes = 32U << 10;

// The same for a page that is probably laid out as the one before, which is read ten times as fast.
constexpr std::size_t kKnownInlineBytes = 256U << 10;

struct Parsed {
  ScrapedPage page;
  std::shared_ptr<exposition::PageLayout> layout;
  std::string error;
};

/// Runs on the loop or on a thread of the pool; owns everything it uses.
struct ParseJob {
  std::string body;
  exposition::Format format;
  std::shared_ptr<exposition::PageLayout> layout;

  Parsed operator()() {
    Parsed parsed;
    const base::Status read = layout->read(body, format, parsed.page.samples);
    if (read) {
      parsed.page.body = std::move(body);
      parsed.page.layout = layout;
    } else {
      parsed.error = read.error().to_string();
    }
    parsed.layout = std::move(layout);
    return parsed;
  }
};

std::string_view reason_phrase(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 16> kPhrases = {{
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {429, "Too Many Requests"},
      {500, "Internal Server Error"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  }};
  const auto* found = std::ranges::find(kPhrases, status, &std::pair<int, std::string_view>::first);
  return found == kPhrases.end() ? std::string_view() : found->second;
}

std::string transport_error(const base::Error& error, base::Duration timeout) {
  if (error.code() == base::ErrorCode::kTimeout) {
    return "no complete answer within " + base::format_duration(timeout);
  }
  return error.to_string();
}

}  // namespace

std::string status_error(int status) {
  if (status == 200) {
    return {};
  }
  std::string text = "server returned HTTP status " + std::to_string(status);
  const std::string_view phrase = reason_phrase(status);
  if (!phrase.empty()) {
    text += " ";
    text += phrase;
  }
  return text;
}

ScrapeSource::ScrapeSource(std::shared_ptr<const ScrapeJob> job, ScrapeTarget target,
                           Dependencies dependencies)
    : job_(std::move(job)),
      target_(std::move(target)),
      dependencies_(dependencies),
      layout_(std::make_shared<exposition::PageLayout>()) {}

base::Result<net::HttpRequest> ScrapeSource::make_request() const {
  net::HttpRequest request;
  request.url = target_.url;
  request.headers.set("Accept",
                      job_->accept.empty() ? std::string(exposition::kAcceptHeader) : job_->accept);
  request.headers.set("Accept-Encoding", job_->compression ? "gzip" : "identity");
  const double seconds = std::chrono::duration<double>(target_.spec.timeout).count();
  request.headers.set("X-Prometheus-Scrape-Timeout-Seconds", base::format_number(seconds));
  request.max_body_bytes =
      job_->limits.body_bytes > 0 ? job_->limits.body_bytes : kDefaultBodyBytes;
  const base::Status applied = http_config::apply(job_->http, dependencies_.files, request);
  if (!applied) {
    return applied.error();
  }
  return request;
}

async::Task<base::Status> ScrapeSource::read_page(net::HttpResponse response, Batch* batch) {
  const auto type = response.headers.get("Content-Type");
  exposition::Format format = exposition::format_from_content_type(type.value_or(""));
  if (!type && job_->fallback_openmetrics) {
    format = exposition::Format::kOpenMetrics;
  }
  if (!layout_) {
    // The last poll was cut off while a thread had it.
    layout_ = std::make_shared<exposition::PageLayout>();
  }
  const std::size_t inline_bytes = layout_->series_end() > 0 ? kKnownInlineBytes : kInlineBytes;
  const bool inline_job = dependencies_.pool == nullptr || response.body.size() <= inline_bytes;
  ParseJob job{std::move(response.body), format, std::move(layout_)};
  Parsed parsed;
  if (inline_job) {
    parsed = job();
  } else {
    base::Result<Parsed> done = co_await dependencies_.pool->run(std::move(job));
    if (!done) {
      co_return done.error();
    }
    parsed = std::move(*done);
  }
  layout_ = std::move(parsed.layout);
  if (!parsed.error.empty()) {
    batch->scraped = parsed.page.samples.before_fault;
    co_return base::Error(base::ErrorCode::kInvalidInput, std::move(parsed.error));
  }
  batch->page = std::move(parsed.page);
  batch->scraped = batch->size();
  co_return base::Status{};
}

async::Task<Batch> ScrapeSource::poll(PollContext context) {
  Batch batch;
  batch.started = context.started;
  batch.error = target_.refusal;
  if (!batch.error.empty()) {
    co_return batch;
  }
  const base::MonotonicTime began = dependencies_.clock.monotonic_now();
  base::Result<net::HttpRequest> request = make_request();
  if (!request) {
    batch.error = request.error().to_string();
    co_return batch;
  }
  base::Result<net::HttpResponse> response =
      co_await dependencies_.http.send(std::move(*request), context.deadline);
  const base::MonotonicTime ended = dependencies_.clock.monotonic_now();
  batch.duration_seconds = std::chrono::duration<double>(ended - began).count();
  batch.duration = std::chrono::duration_cast<base::Duration>(ended - began);
  batch.arrived = ended;
  if (!response) {
    batch.error = transport_error(response.error(), target_.spec.timeout);
    co_return batch;
  }
  batch.error = status_error(response->status);
  if (!batch.error.empty()) {
    co_return batch;
  }
  batch.arrived = response->arrived;
  batch.body_bytes = response->body.size();
  const base::Status read = co_await read_page(std::move(*response), &batch);
  batch.up = read.has_value();
  if (!read) {
    batch.error = read.error().to_string();
  }
  co_return batch;
}

std::vector<Target> make_scrape_targets(const std::vector<ScrapeJob>& jobs,
                                        const ScrapeSource::Dependencies& dependencies) {
  std::vector<Target> targets;
  for (const ScrapeJob& job : jobs) {
    const auto shared = std::make_shared<const ScrapeJob>(job);
    for (ScrapeTarget& target : scrape_targets(job)) {
      Target made;
      made.spec = target.spec;
      made.source = std::make_shared<ScrapeSource>(shared, std::move(target), dependencies);
      targets.push_back(std::move(made));
    }
  }
  return targets;
}

}  // namespace tocsin::sources
