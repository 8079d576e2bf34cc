#include "app/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/version.h"

namespace tocsin::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Said {
  int code = 0;
  std::string output;
  std::string errors;
};

Said tocsin(std::vector<std::string> words) {
  words.insert(words.begin(), "tocsin");
  std::vector<char*> pointers;
  pointers.reserve(words.size());
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Said said;
  said.code = run_command_line(static_cast<int>(pointers.size()), pointers.data());
  said.output = ::testing::internal::GetCapturedStdout();
  said.errors = ::testing::internal::GetCapturedStderr();
  return said;
}

TEST(CommandLine, NamesTheWordThatNobodyKnows) {
  struct Case {
    std::vector<std::string> words;
    const char* unknown;
  };
  for (const Case& test :
       {Case{{"bogus"}, "bogus"}, Case{{"run", "--bogus"}, "--bogus"},
        Case{{"incident", "lst"}, "lst"}, Case{{"bogus", "--config", "x"}, "bogus"}}) {
    const Said said = tocsin(test.words);
    EXPECT_EQ(said.code, 2) << test.unknown;
    EXPECT_THAT(said.errors, HasSubstr(std::string(": ") + test.unknown + "\n"));
    EXPECT_THAT(said.errors, Not(HasSubstr("required")));
  }
}

TEST(CommandLine, SaysWhatIsMissing) {
  EXPECT_THAT(tocsin({}).errors, HasSubstr("subcommand is required"));
  const Said said = tocsin({"run"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.errors, HasSubstr("--config is required"));
}

TEST(CommandLine, TellsItsVersionEitherWay) {
  for (const char* word : {"version", "--version"}) {
    const Said said = tocsin({word});
    EXPECT_EQ(said.code, 0) << said.errors;
    EXPECT_THAT(said.output, HasSubstr("tocsin " + std::string(kVersion))) << word;
  }
}

TEST(CommandLine, IncidentStatesAreThoseThatThereAre) {
  const Said said = tocsin({"incident", "list", "--state", "bogus"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.errors, HasSubstr("bogus"));
}

TEST(CommandLine, IncidentsAreReadAsQueriesAre) {
  for (const char* command : {"list", "show"}) {
    const std::string help = tocsin({"incident", command, "--help"}).output;
    for (const char* option : {"--user", "--password-file", "--ca-file", "--token-file"}) {
      EXPECT_THAT(help, HasSubstr(option)) << command;
    }
  }
}

}  // namespace
}  // namespace tocsin::app
