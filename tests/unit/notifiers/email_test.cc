#include "notifiers/email/email.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  Outcome deliver(SmtpSink& sink, Config config) {
    config.relay.port = sink.port();
    const Email integration(std::move(config));
    const Parts parts{http_, files_, loop_.timers(), loop_.clock(), renderer_, loop_.executor(),
                      {}};
    const auto notifier = integration.make(parts);
    const Outcome outcome =
        loop_.run(notifier->deliver(sample_notice(), loop_.in(std::chrono::seconds(20))));
    sink.wait();
    return outcome;
  }

  testing::RealLoop loop_;
  testing::FakeHttpClient http_;
  testing::FakeFileSystem files_;
  testing::FakeRenderer renderer_;
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
