#include "notifiers/email/email.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <memory>
#include <set>
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
/// RFC 4954: authentication is required, too weak, not accepted, or only after encryption.
constexpr std::array<long, 4> kLoginReplies = {530, 534, 535, 538};
/// Notices whose recipients are remembered while some of them are still to be reached.
constexpr std::size_t kMaxRemembered = 1000;

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

/// What the mail thread works with. Jobs share it, so that one that hangs keeps it alive.
class Mailer {
 public:
  /// Whom the relay has taken the mail for does not get it again: when somebody else could not be
  /// reached for the moment, or the acceptance came too late for the one who waited for it.
  SmtpReply send(const std::string& notice_id, SmtpRequest request) {
    std::set<std::string>& reached = reached_by(notice_id);
    std::erase_if(request.recipients, [&](const std::string& to) { return reached.contains(to); });
    if (request.recipients.empty()) {
      return {.sent = true, .code = 0, .error = {}, .refused = {}};
    }
    SmtpReply reply = send_mail(request);
    if (!reply.sent) {
      return reply;
    }
    reached.insert(request.recipients.begin(), request.recipients.end());
    for (const RefusedRecipient& refused : reply.refused) {
      reached.erase(refused.address);
      if (refused.reply.starts_with('4')) {
        reply.sent = false;
        reply.code = std::strtol(refused.reply.c_str(), nullptr, 10);
        reply.error = refused.address + ": " + refused.reply;
      }
    }
    return reply;
  }

 private:
  std::set<std::string>& reached_by(const std::string& notice_id) {
    const auto known = std::ranges::find(sent_, notice_id, &Sent::first);
    if (known != sent_.end()) {
      return known->second;
    }
    if (sent_.size() >= kMaxRemembered) {
      sent_.pop_front();
    }
    return sent_.emplace_back(notice_id, std::set<std::string>()).second;
  }

  using Sent = std::pair<std::string, std::set<std::string>>;
  std::deque<Sent> sent_;  // notice and the recipients that it reached, newest last
};

class EmailNotifier final : public Notifier {
 public:
  EmailNotifier(const Email& integration, const Parts& parts)
      : integration_(integration),
        timers_(parts.timers),
        clock_(parts.clock),
        renderer_(parts.renderer),
        host_name_(parts.host_name),
        log_(parts.log),
        thread_(parts.executor, thread_options()) {}

  /// A relay is spoken to once at a time: the mails before this one need their time, too.
  base::Duration time_limit() const override {
    return (kLongestTry + kMargin) * (static_cast<std::int64_t>(thread_.pending()) + 1);
  }

  async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime deadline) override {
    base::Result<SmtpRequest> request =
        integration_.render(notice, renderer_, host_name_, clock_.wall_now());
    if (!request) {
      co_return refused(request.error().to_string());
    }
    if (deadline <= clock_.monotonic_now()) {
      co_return retry("no time was left");
    }
    request->time_limit = kLongestTry;
    // The mail's own limit begins when the thread takes it. One that nobody waits for any more by
    // then is not sent.
    auto job = [mailer = mailer_, id = notice.id,
                ready = std::move(*request)]() -> base::Result<SmtpReply> {
      return mailer->send(id, ready);
    };
    async::Task<base::Result<SmtpReply>> sending = thread_.run(std::move(job));
    const base::Result<SmtpReply> reply =
        co_await async::with_deadline(timers_, deadline, std::move(sending));
    if (reply) {
      tell_of_refused(notice, *reply);
    }
    Outcome outcome = reply ? integration_.classify(*reply) : from_error(reply.error());
    outcome.reason = redact(std::move(outcome.reason), integration_.secrets());
    co_return outcome;
  }

 private:
  void tell_of_refused(const model::Notice& notice, const SmtpReply& reply) const {
    for (const RefusedRecipient& refused : reply.refused) {
      if (log_) {
        log_(true, "a recipient was refused notice=" + notice.id + " recipient=" +
                       base::quote(refused.address) + " reply=" + base::quote(refused.reply));
      }
    }
  }

  const Email& integration_;
  async::Timers& timers_;
  const base::Clock& clock_;
  const TextRenderer& renderer_;
  std::string host_name_;
  LogSink log_;
  std::shared_ptr<Mailer> mailer_ = std::make_shared<Mailer>();
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
  // A password that is being changed is right again before long.
  const bool login =
      std::find(kLoginReplies.begin(), kLoginReplies.end(), reply.code) != kLoginReplies.end();
  if (reply.code / 100 == 5 && !login) {
    return refused("SMTP " + std::to_string(reply.code) + ": " + reason);
  }
  if (reply.code >= 400) {
    return retry("SMTP " + std::to_string(reply.code) + ": " + reason);
  }
  return retry(std::move(reason));
}

std::unique_ptr<Notifier> Email::make(const Parts& parts) const {
  return std::make_unique<EmailNotifier>(*this, parts);
}

}  // namespace tocsin::notifiers::email
