#include "net/subprocess.h"

#include <gtest/gtest.h>

#include "support/real_loop.h"

namespace tocsin::net {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

class RunCommand : public ::testing::Test {
 protected:
  base::Result<CommandResult> run(Command command, milliseconds limit = seconds(20)) {
    return loop_.run(
        run_command(loop_.timers(), loop_.clock(), std::move(command), loop_.in(limit)));
  }
  static Command shell(const std::string& script) {
    Command command;
    command.argv = {"/bin/sh", "-c", script};
    return command;
  }
  testing::RealLoop loop_;
};

TEST_F(RunCommand, PassesInputAndCollectsOutput) {
  Command command;
  command.argv = {"cat"};
  command.input = std::string(1'000'000, 'x');
  command.max_output_bytes = 2'000'000;
  const base::Result<CommandResult> result = run(command);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(result->output.size(), 1'000'000U);
  EXPECT_FALSE(result->output_cut);
}

TEST_F(RunCommand, TellsExitCodesSignalsAndErrors) {
  const auto failed = run(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->exit_code, 3);
  EXPECT_EQ(failed->output, "out\n");
  EXPECT_EQ(failed->errors, "err\n");
  const auto killed = run(shell("kill -9 $$"));
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->signal, 9);
  EXPECT_EQ(killed->exit_code, -1);
}

TEST_F(RunCommand, CutsOutputAtItsLimit) {
  Command command = shell("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  command.max_output_bytes = 1000;
  const auto result = run(command);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(result->output.size(), 1000U);
  EXPECT_TRUE(result->output_cut);
  EXPECT_TRUE(result->errors_cut);
}

TEST_F(RunCommand, PassesNothingButTheGivenEnvironment) {
  Command command;
  command.argv = {"/usr/bin/env"};
  command.environment = {"A=1"};
  command.folder = "/";
  EXPECT_EQ(run(command).value().output, "A=1\n");
}

TEST_F(RunCommand, LeavesNoDescriptorsOpen) {
  // ls itself opens the folder, as descriptor 3.
  Command command;
  command.argv = {"/bin/ls", "/proc/self/fd"};
  EXPECT_EQ(run(command).value().output, "0\n1\n2\n3\n");
}

TEST_F(RunCommand, DoesNotPassThroughAShell) {
  Command command;
  command.argv = {"/bin/echo", "$HOME; `id`", "a b"};
  EXPECT_EQ(run(command).value().output, "$HOME; `id` a b\n");
}

TEST_F(RunCommand, SaysWhyItCannotStart) {
  Command command;
  EXPECT_EQ(run(command).error().code(), ErrorCode::kInvalidInput);
  command.argv = {"/no/such/program"};
  EXPECT_EQ(run(command).error().code(), ErrorCode::kNotFound);
  command.argv = {"/etc/passwd"};
  EXPECT_EQ(run(command).error().code(), ErrorCode::kDenied);
  command.argv = {"/bin/true"};
  command.folder = "/no/such/folder";
  EXPECT_FALSE(run(command));
}

TEST_F(RunCommand, KillsTheWholeGroupAtTheDeadline) {
  // The grandchild holds the output open; if it lived, the call would last a minute.
  const base::MonotonicTime start = loop_.clock().monotonic_now();
  const auto result = run(shell("sleep 60 & sleep 60"), milliseconds(50));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::kTimeout);
  EXPECT_LT(loop_.clock().monotonic_now() - start, seconds(10));
}

TEST_F(RunCommand, DoesNotWaitForLeftoversThatHoldTheOutput) {
  const base::MonotonicTime start = loop_.clock().monotonic_now();
  const auto result = run(shell("sleep 60 & echo done"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "done\n");
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_LT(loop_.clock().monotonic_now() - start, seconds(15));
}

async::Task<> keep(testing::RealLoop& loop, Command command, std::string& out) {
  const base::Result<CommandResult> result =
      co_await run_command(loop.timers(), loop.clock(), std::move(command), loop.in(seconds(60)));
  out = result ? "ended" : std::string(base::to_string(result.error().code()));
}

TEST_F(RunCommand, CancellationKills) {
  std::string out;
  async::TaskGroup group(loop_.executor(), {});
  group.spawn("run", keep(loop_, shell("sleep 60"), out));
  EXPECT_TRUE(run(shell("true")));
  loop_.run(group.stop(loop_.timers(), loop_.clock(), seconds(10)));
  EXPECT_EQ(out, "cancelled");
}

}  // namespace
}  // namespace tocsin::net
