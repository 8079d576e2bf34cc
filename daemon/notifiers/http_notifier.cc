#include "notifiers/http_notifier.h"

#include <algorithm>
#include <utility>

#include "notifiers/outcome.h"

namespace tocsin::notifiers {
namespace {

/// No answer of a channel is worth more.
constexpr std::size_t kMaxAnswerBytes = 1 << 20;

/// The shared driver: sends, limits the time, classifies, redacts.
class HttpNotifier final : public Notifier {
 public:
  HttpNotifier(const HttpIntegration& integration, const Parts& parts)
      : integration_(integration),
        http_(parts.http),
        files_(parts.files),
        clock_(parts.clock),
        renderer_(parts.renderer),
        user_agent_("tocsin/" + parts.version),
        time_limit_(integration.timeout().count() > 0 ? integration.timeout()
                                                      : parts.delivery_timeout) {}

  base::Duration time_limit() const override { return time_limit_; }

  async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime deadline) override {
    base::Result<net::HttpRequest> request = integration_.render(notice, renderer_);
    if (!request) {
      co_return redacted(refused(request.error().to_string()));
    }
    const base::Status applied = http_config::apply(integration_.http(), files_, *request);
    if (!applied) {
      // A credential that is being replaced comes back.
      co_return redacted(retry(applied.error().to_string()));
    }
    request->headers.set("User-Agent", user_agent_);
    request->headers.set("Idempotency-Key", notice.id);
    request->max_body_bytes = kMaxAnswerBytes;
    deadline = std::min(deadline, clock_.monotonic_now() + time_limit_);
    net::HttpRequest ready = std::move(*request);
    const base::Result<net::HttpResponse> response =
        co_await http_.send(std::move(ready), deadline);
    if (!response) {
      co_return redacted(from_error(response.error()));
    }
    co_return redacted(integration_.classify(*response, clock_.wall_now()));
  }

 private:
  Outcome redacted(Outcome outcome) const {
    if (outcome.reason.empty()) {
      return outcome;
    }
    std::vector<base::Secret> secrets = http_config::secrets(integration_.http(), files_);
    for (base::Secret& secret : integration_.secrets()) {
      secrets.push_back(std::move(secret));
    }
    outcome.reason = redact(std::move(outcome.reason), secrets);
    return outcome;
  }

  const HttpIntegration& integration_;
  net::HttpClient& http_;
  const base::FileSystem& files_;
  const base::Clock& clock_;
  const TextRenderer& renderer_;
  std::string user_agent_;
  base::Duration time_limit_;
};

}  // namespace

std::unique_ptr<Notifier> HttpIntegration::make(const Parts& parts) const {
  return std::make_unique<HttpNotifier>(*this, parts);
}

}  // namespace tocsin::notifiers
