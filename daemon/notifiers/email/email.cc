#include "notifiers/email/email.h"

#include <algorithm>
#include <array>
#include <utility>

#include "async/blocking_thread.h"
#include "async/deadline.h"
#include "base/hash.h"
#include "base/text.h"
#include "notifiers/email/message.h"
#include "notifiers/outcome.h"
#include "notifiers/template_texts.h"

namespace tocsin::notifiers::email {
namespace {

constexpr base::Duration kLongestTry = std::chrono::seconds(60);
/// libcurl ends by itself; this is how long we wait for that before giving the thread up.
constexpr base::Duration kMargin = std::chrono::seconds(2);

/// Headers whose values are mailboxes.
bool holds_mailboxes(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {"from",   "to",       "cc",       "bcc",
                                                      "sender", "reply-to", "resent-to"};
  return std::find(kNames.begin(), kNames.end(), base::to_lower(name)) != kNames.end();
}

std::string format_mailboxes(const std::vector<Mailbox>& mailboxes) {
  std::string out;
  for (const Mailbox& mailbox : mailboxes) {
    out += (out.empty() ? "" : ",\r\n ") + format_mailbox(mailbox);
  }
  return out;
}

async::ThreadOptions thread_options() {
  async::ThreadOptions options;
  options.name = "mail";
  return options;
}

class EmailNotifier final : public Notifier {
 public:
  EmailNotifier(const Email& integration, const Parts& parts)
      : integration_(integration),
        timers_(parts.timers),
        clock_(parts.clock),
        renderer_(parts.renderer),
        host_name_(parts.host_name),
        thread_(parts.executor, thread_options()) {}

  async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime deadline) override {
    base::Result<SmtpRequest> request =
        integration_.render(notice, renderer_, host_name_, clock_.wall_now());
    if (!request) {
      co_return refused(request.error().to_string());
    }
    const auto left = std::chrono::floor<base::Duration>(deadline - clock_.monotonic_now());
    request->time_limit = std::min(left, kLongestTry);
    if (request->time_limit.count() <= 0) {
      co_return retry("no time was left");
    }
    const base::MonotonicTime limit = clock_.monotonic_now() + request->time_limit + kMargin;
    auto job = [ready = std::move(*request)]() -> base::Result<SmtpReply> {
      return send_mail(ready);
    };
    async::Task<base::Result<SmtpReply>> sending = thread_.run(std::move(job));
    const base::Result<SmtpReply> reply =
        co_await async::with_deadline(timers_, limit, std::move(sending));
    Outcome outcome = reply ? integration_.classify(*reply) : from_error(reply.error());
    outcome.reason = redact(std::move(outcome.reason), integration_.secrets());
    co_return outcome;
  }

 private:
  const Email& integration_;
  async::Timers& timers_;
  const base::Clock& clock_;
  const TextRenderer& renderer_;
  std::string host_name_;
  async::BlockingThread thread_;
};

}  // namespace

base::Result<SmtpRequest> Email::render(const model::Notice& notice, const TextRenderer& renderer,
                                        const std::string& host_name, base::WallTime now) const {
  TemplateTexts texts(renderer, notice);
  const auto from = parse_mailboxes(texts.render("from", config_.from));
  const auto to = parse_mailboxes(texts.render("to", config_.to));
  Message message;
  message.text = texts.render("text", config_.text);
  base::Result<std::string> html = config_.html.empty()
                                       ? base::Result<std::string>(std::string())
                                       : renderer.render_html(config_.html, notice);
  std::vector<std::pair<std::string, std::string>> headers;
  headers.reserve(config_.headers.size());
  for (const auto& [name, value] : config_.headers) {
    headers.emplace_back(name, texts.render("header " + name, value));
  }
  if (texts.failure()) {
    return *texts.failure();
  }
  if (!html) {
    return base::Error(html.error()).context("html");
  }
  if (!from || from->size() != 1) {
    return from ? base::Error(base::ErrorCode::kInvalidInput, "from: expected one address")
                : base::Error(from.error()).context("from");
  }
  if (!to) {
    return base::Error(to.error()).context("to");
  }
  message.html = *std::move(html);
  message.headers = {{"From", format_mailboxes(*from)}, {"To", format_mailboxes(*to)}};
  for (const auto& [name, value] : headers) {
    std::string encoded = encode_header_text(value);
    if (holds_mailboxes(name)) {
      const auto mailboxes = parse_mailboxes(value);
      if (!mailboxes) {
        return base::Error(mailboxes.error()).context("header " + name);
      }
      encoded = format_mailboxes(*mailboxes);
    }
    std::erase_if(message.headers, [&](const auto& header) {
      return base::to_lower(header.first) == base::to_lower(name);
    });
    message.headers.emplace_back(name, std::move(encoded));
  }
  const std::string hash = base::to_hex(base::fnv1a(notice.id));
  message.headers.emplace_back("Message-ID", "<tocsin." + hash + "@" + host_name + ">");
  message.headers.emplace_back("Date", format_mail_date(now));
  message.headers.emplace_back("Auto-Submitted", "auto-generated");
  message.boundary_seed = notice.id;

  SmtpRequest request = config_.relay;
  request.sender = from->front().address;
  for (const Mailbox& mailbox : *to) {
    request.recipients.push_back(mailbox.address);
  }
  request.data = format_message(message);
  return request;
}

Outcome Email::classify(const SmtpReply& reply) const {
  if (reply.sent) {
    return delivered();
  }
  std::string reason = first_line(reply.error);
  if (reply.code / 100 == 5) {
    return refused("SMTP " + std::to_string(reply.code) + ": " + reason);
  }
  if (reply.code / 100 == 4) {
    return retry("SMTP " + std::to_string(reply.code) + ": " + reason);
  }
  return retry(std::move(reason));
}

std::unique_ptr<Notifier> Email::make(const Parts& parts) const {
  return std::make_unique<EmailNotifier>(*this, parts);
}

}  // namespace tocsin::notifiers::email
