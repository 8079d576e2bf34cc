#include "notifiers/exec/exec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <fstream>

#include "support/real_loop.h"
#include "support/temporary_folder.h"
#include "unit/notifiers/support.h"

namespace tocsin::notifiers::exec {
namespace {

using ::testing::HasSubstr;
using testing::sample_notice;

class ExecTest : public ::testing::Test {
 protected:
  Outcome deliver(Config config) {
    const Exec integration(std::move(config));
    const Parts parts{http_, files_, loop_.timers(), loop_.clock(), renderer_, loop_.executor(),
                      {}};
    const auto notifier = integration.make(parts);
    return loop_.run(notifier->deliver(sample_notice(), loop_.in(std::chrono::seconds(20))));
  }

  static Config shell(const std::string& script) {
    Config config;
    config.command = {"/bin/sh", "-c", script};
    return config;
  }

  testing::RealLoop loop_;
  testing::FakeHttpClient http_;
  testing::FakeFileSystem files_;
  testing::FakeRenderer renderer_;
};

TEST_F(ExecTest, GivesTheNoticeOnStandardInput) {
  const testing::TemporaryFolder folder;
  Config config =
      shell("cat > \"$1\"; printf '%s %s %s' \"$TOCSIN_NOTICE_ID\" \"$KEY\" \"$2\" >> \"$1\"");
  config.command.insert(config.command.end(),
                        {"sh", folder.path() + "/out", "{{alertname}}; rm -rf x"});
  config.environment = {{"KEY", "value"}};
  EXPECT_EQ(deliver(std::move(config)).kind, OutcomeKind::kDelivered);
  std::ifstream file(folder.path() + "/out");
  std::string json;
  std::string rest;
  std::getline(file, json);
  std::getline(file, rest);
  EXPECT_EQ(boost::json::parse(json).at("tocsin").at("id"), "n-1");
  EXPECT_EQ(rest, "n-1 value HighLatency; rm -rf x");
}

TEST_F(ExecTest, ReadsTheExitCode) {
  struct Case {
    const char* script;
    OutcomeKind kind;
    const char* reason;
  };
  for (const Case& test :
       {Case{"exit 0", OutcomeKind::kDelivered, ""},
        Case{"echo no such user >&2; exit 67", OutcomeKind::kRefused, "exit code 67: no such user"},
        Case{"echo broken >&2; exit 1", OutcomeKind::kRetry, "exit code 1: broken"},
        Case{"exit 63", OutcomeKind::kRetry, "exit code 63"},
        Case{"exit 64", OutcomeKind::kRefused, "exit code 64"},
        Case{"exit 78", OutcomeKind::kRefused, "exit code 78"},
        Case{"exit 127", OutcomeKind::kRetry, "exit code 127"},
        Case{"exit 75", OutcomeKind::kRetry, "exit code 75"},
        Case{"kill -9 $$", OutcomeKind::kRetry, "signal 9"}}) {
    const Outcome outcome = deliver(shell(test.script));
    EXPECT_EQ(outcome.kind, test.kind) << test.script;
    EXPECT_THAT(outcome.reason, HasSubstr(test.reason));
  }
}

TEST_F(ExecTest, KillsWhatTakesTooLong) {
  Config config = shell("while :; do :; done");
  config.timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(deliver(std::move(config)).kind, OutcomeKind::kRetry);
}

TEST_F(ExecTest, AMissingProgramIsForAHuman) {
  Config config;
  config.command = {"/does/not/exist"};
  EXPECT_EQ(deliver(config).kind, OutcomeKind::kRefused);
  config.command = {"/bin/true", "{{fail}}"};
  EXPECT_EQ(deliver(std::move(config)).kind, OutcomeKind::kRefused);
}

}  // namespace
}  // namespace tocsin::notifiers::exec
