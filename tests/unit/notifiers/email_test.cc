#include "notifiers/email/email.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <optional>

#include "notifiers/email/message.h"
#include "support/real_loop.h"
#include "unit/notifiers/smtp_sink.h"
#include "unit/notifiers/support.h"

namespace tocsin::notifiers::email {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kNoon;
using ::testing::Not;
using testing::sample_notice;
using testing::SmtpAnswers;
using testing::SmtpSink;

TEST(Mailboxes, AreReadAndWritten) {
  const auto read =
      parse_mailboxes(R"("Kim, On call" <kim@example.org>, ops@example.org,운영 <o@x.kr>)");
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, ElementsAre(Mailbox{"Kim, On call", "kim@example.org"},
                                 Mailbox{"", "ops@example.org"}, Mailbox{"운영", "o@x.kr"}));
  EXPECT_EQ(format_mailbox(read->at(0)), R"("Kim, On call" <kim@example.org>)");
  EXPECT_EQ(format_mailbox(read->at(1)), "ops@example.org");
  EXPECT_EQ(format_mailbox(read->at(2)), "=?utf-8?B?7Jq07JiB?= <o@x.kr>");
}

TEST(Mailboxes, RefuseWhatCouldBecomeACommand) {
  for (const char* text : {"", " , ", "nobody", "@x", "a@", "a b@x", "a@x\r\nRCPT TO:<z@y>",
                           "a@x\nb@y", "<a@x> more", "\"a\nb\" <a@x>", "a@x>", "a<b>@x"}) {
    EXPECT_FALSE(parse_mailboxes(text)) << text;
  }
}

TEST(HeaderText, IsEncodedAndCannotBreakOut) {
  EXPECT_EQ(encode_header_text("plain text"), "plain text");
  EXPECT_EQ(encode_header_text("a\r\nBcc: z@y"), "a  Bcc: z@y");
  EXPECT_EQ(encode_header_text("주문"), "=?utf-8?B?7KO866y4?=");
  std::string korean;
  for (int i = 0; i < 40; ++i) {
    korean += "주문";
  }
  std::string ascii;
  for (int i = 0; i < 60; ++i) {
    ascii += "word ";
  }
  for (const std::string& encoded : {encode_header_text(korean), encode_header_text(ascii)}) {
    std::size_t line = 0;
    for (const char c : encoded) {
      line = c == '\n' ? 0 : line + 1;
      EXPECT_LE(line, 78U);
    }
  }
}

TEST(QuotedPrintable, SurvivesTheWay) {
  EXPECT_EQ(quoted_printable("a=b\n.\nend "), "a=3Db\r\n=2E\r\nend=20");
  EXPECT_EQ(quoted_printable("é\r\nx\ry"), "=C3=A9\r\nx=0Dy");
  EXPECT_EQ(quoted_printable(std::string(100, 'x')),
            std::string(75, 'x') + "=\r\n" + std::string(25, 'x'));
}

Config sample_config() {
  Config config;
  config.to = "ops@example.org, 운영 <o@x.kr>";
  config.from = "tocsin <t@example.org>";
  config.headers = {{"Subject", "[{{status}}] {{alertname}} 결제"}, {"Reply-To", "r@example.org"}};
  config.html = "{{alertname}}";
  config.text = "text {{alertname}}";
  config.relay.host = "127.0.0.1";
  config.relay.hello = "me.example";
  config.relay.starttls = false;
  return config;
}

TEST(EmailRender, WritesTheWholeMessage) {
  const testing::FakeRenderer renderer;
  const Email integration(sample_config());
  const auto request = integration.render(sample_notice(), renderer, "host.example", kNoon);
  ASSERT_TRUE(request) << request.error().to_string();
  EXPECT_EQ(request->sender, "t@example.org");
  EXPECT_THAT(request->recipients, ElementsAre("ops@example.org", "o@x.kr"));
  const std::string& data = request->data;
  EXPECT_THAT(data, HasSubstr("From: \"tocsin\" <t@example.org>\r\n"));
  EXPECT_THAT(data, HasSubstr("Subject: =?utf-8?B?"));
  EXPECT_THAT(data, HasSubstr("Reply-To: r@example.org\r\n"));
  EXPECT_THAT(data, HasSubstr("Date: Sat, 31 Jan 2026 09:05:00 +0000\r\n"));
  EXPECT_THAT(data, HasSubstr("Message-ID: <tocsin."));
  EXPECT_THAT(data, HasSubstr("@host.example>\r\n"));
  EXPECT_THAT(data, HasSubstr("multipart/alternative"));
  EXPECT_THAT(data, HasSubstr("text HighLatency"));
  EXPECT_THAT(data, HasSubstr("<p>HighLatency</p>"));
  const auto again = integration.render(sample_notice(), renderer, "host.example", kNoon);
  EXPECT_EQ(again->data, data) << "a repetition is the same mail";
}

TEST(EmailRender, RefusesWhatNoRepetitionHelps) {
  const testing::FakeRenderer renderer;
  const auto fails = [&](auto change) {
    Config config = sample_config();
    change(config);
    return !Email(config).render(sample_notice(), renderer, "h", kNoon);
  };
  EXPECT_TRUE(fails([](Config& config) { config.to = "nobody"; }));
  EXPECT_TRUE(fails([](Config& config) { config.from = "a@x, b@x"; }));
  EXPECT_TRUE(fails([](Config& config) { config.from = "{{alertname}}"; }));
  EXPECT_TRUE(fails([](Config& config) { config.html = "{{fail}}"; }));
  EXPECT_TRUE(fails([](Config& config) { config.text = "{{fail}}"; }));
  EXPECT_TRUE(fails([](Config& config) { config.headers[1].second = "x\r\ny"; }));
}

class EmailDelivery : public ::testing::Test {
 protected:
  std::unique_ptr<Notifier> make(const SmtpSink& sink, Config config) {
    config.relay.port = sink.port();
    integration_.emplace(std::move(config));
    const LogSink log = [this](bool, std::string_view line) { log_.emplace_back(line); };
    return integration_->make(
        {http_, files_, loop_.timers(), loop_.clock(), renderer_, loop_.executor(), log});
  }
  Outcome deliver(SmtpSink& sink, Config config) {
    const auto notifier = make(sink, std::move(config));
    const Outcome outcome = try_once(*notifier, std::chrono::seconds(20));
    sink.wait();
    return outcome;
  }
  Outcome try_once(Notifier& notifier, std::chrono::milliseconds limit) {
    return loop_.run(notifier.deliver(sample_notice(), loop_.in(limit)));
  }

  testing::RealLoop loop_;
  testing::FakeHttpClient http_;
  testing::FakeFileSystem files_;
  testing::FakeRenderer renderer_;
  std::vector<std::string> log_;
  std::optional<Email> integration_;
};

TEST_F(EmailDelivery, TalksToARelay) {
  SmtpSink sink;
  const Outcome outcome = deliver(sink, sample_config());
  EXPECT_EQ(outcome.kind, OutcomeKind::kDelivered) << outcome.reason;
  EXPECT_THAT(sink.commands.at(0), HasSubstr("EHLO me.example"));
  EXPECT_THAT(sink.commands, ::testing::Contains(HasSubstr("MAIL FROM:<t@example.org>")));
  EXPECT_THAT(sink.commands, ::testing::Contains(HasSubstr("RCPT TO:<o@x.kr>")));
  EXPECT_THAT(sink.data, HasSubstr("Message-ID: "));
  EXPECT_THAT(sink.data, HasSubstr("<p>HighLatency</p>"));
}

TEST_F(EmailDelivery, LogsIn) {
  SmtpSink sink;
  Config config = sample_config();
  config.relay.user_name = "u";
  config.relay.password = base::Secret("p");
  EXPECT_EQ(deliver(sink, std::move(config)).kind, OutcomeKind::kDelivered);
  EXPECT_THAT(sink.commands, ::testing::Contains(HasSubstr("AUTH PLAIN")));
}

TEST_F(EmailDelivery, TellsRefusalsFromWhatMayPass) {
  SmtpSink busy("451 try later");
  EXPECT_EQ(deliver(busy, sample_config()).kind, OutcomeKind::kRetry);
  SmtpSink unknown("550 no such user");
  const Outcome refused = deliver(unknown, sample_config());
  EXPECT_EQ(refused.kind, OutcomeKind::kRefused);
  EXPECT_THAT(refused.reason, HasSubstr("SMTP 550"));
  SmtpSink full("250 ok", "452 no space");
  EXPECT_EQ(deliver(full, sample_config()).kind, OutcomeKind::kRetry);
}

TEST_F(EmailDelivery, ARefusedRecipientDoesNotKeepTheMailFromOthers) {
  SmtpSink sink(SmtpAnswers{.rcpt = {"550 no such user", "250 ok"}});
  EXPECT_EQ(deliver(sink, sample_config()).kind, OutcomeKind::kDelivered);
  EXPECT_THAT(sink.data, HasSubstr("HighLatency"));
  EXPECT_THAT(log_, ElementsAre(::testing::AllOf(HasSubstr("ops@example.org"),
                                                 HasSubstr("550 no such user"))));
}

TEST_F(EmailDelivery, WhoCannotBeReachedForTheMomentIsTriedAgainAlone) {
  SmtpSink sink(SmtpAnswers{.rcpt = {"250 ok", "451 later", "250 ok"}, .connections = 2});
  const auto notifier = make(sink, sample_config());
  const Outcome first = try_once(*notifier, std::chrono::seconds(20));
  EXPECT_EQ(first.kind, OutcomeKind::kRetry);
  EXPECT_THAT(first.reason, HasSubstr("SMTP 451: o@x.kr"));
  EXPECT_EQ(try_once(*notifier, std::chrono::seconds(20)).kind, OutcomeKind::kDelivered);
  sink.wait();
  EXPECT_EQ(std::ranges::count(sink.commands, "RCPT TO:<ops@example.org>"), 1);
  EXPECT_EQ(std::ranges::count(sink.commands, "RCPT TO:<o@x.kr>"), 2);
}

TEST_F(EmailDelivery, APasswordThatIsBeingChangedIsRightAgainLater) {
  SmtpSink sink(SmtpAnswers{.auth = "535 bad password"});
  Config config = sample_config();
  config.relay.user_name = "u";
  config.relay.password = base::Secret("p");
  EXPECT_EQ(deliver(sink, std::move(config)).kind, OutcomeKind::kRetry);
}

TEST_F(EmailDelivery, AMailThatWasAcceptedTooLateIsNotSentAgain) {
  std::promise<void> accept;
  SmtpSink sink(SmtpAnswers{.before_data = accept.get_future().share(), .connections = 2});
  const auto notifier = make(sink, sample_config());
  EXPECT_EQ(try_once(*notifier, std::chrono::milliseconds(200)).kind, OutcomeKind::kRetry);
  accept.set_value();
  EXPECT_EQ(try_once(*notifier, std::chrono::seconds(20)).kind, OutcomeKind::kDelivered);
  sink.wait();
  EXPECT_EQ(std::ranges::count(sink.commands, "DATA"), 1);
}

TEST_F(EmailDelivery, AMailHasItsWholeTimeAfterThoseBeforeIt) {
  std::promise<void> accept;
  SmtpSink sink(SmtpAnswers{.before_data = accept.get_future().share(), .connections = 2});
  const auto notifier = make(sink, sample_config());
  const base::Duration alone = notifier->time_limit();
  EXPECT_GE(alone, std::chrono::seconds(60));
  EXPECT_EQ(try_once(*notifier, std::chrono::milliseconds(200)).kind, OutcomeKind::kRetry);
  EXPECT_EQ(notifier->time_limit(), 2 * alone);
  accept.set_value();
}

TEST_F(EmailDelivery, SendsNothingInTheClearWhenTlsIsRequired) {
  SmtpSink sink;
  Config config = sample_config();
  config.relay.starttls = true;
  EXPECT_EQ(deliver(sink, std::move(config)).kind, OutcomeKind::kRetry);
  EXPECT_THAT(sink.commands, Not(::testing::Contains(HasSubstr("MAIL"))));
}

TEST_F(EmailDelivery, AClosedPortMayOpen) {
  SmtpSink sink;
  sink.wait();
  EXPECT_EQ(deliver(sink, sample_config()).kind, OutcomeKind::kRetry);
}

}  // namespace
}  // namespace tocsin::notifiers::email
