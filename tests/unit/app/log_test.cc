#include "app/log.h"

#include <gtest/gtest.h>

namespace tocsin::app {
namespace {

TEST(LogLine, QuotesOnlyWhatIsNotPlain) {
  EXPECT_EQ(format_line("target is up again", {}), "target is up again");
  EXPECT_EQ(format_line("m", {{"a", "1"}, {"b", "x/y:z"}}), "m a=1 b=x/y:z");
  EXPECT_EQ(format_line("m", {{"a", "two words"}}), "m a=\"two words\"");
  EXPECT_EQ(format_line("m", {{"a", ""}}), "m a=\"\"");
  EXPECT_EQ(format_line("m", {{"a", "k=v"}}), "m a=\"k=v\"");
  EXPECT_EQ(format_line("m", {{"a", "say \"hi\""}}), R"(m a="say \"hi\"")");
}

TEST(LogLine, IsOneLineWhateverTheValue) {
  const std::string line = format_line("m", {{"a", "first\nsecond\r\x1b[31m\x7f"}});
  for (const char c : line) {
    EXPECT_TRUE(c >= ' ' && c != '\x7f') << line;
  }
  EXPECT_EQ(format_line("m", {{"서비스", "주문"}}), R"(m 서비스="주문")");
}

}  // namespace
}  // namespace tocsin::app
