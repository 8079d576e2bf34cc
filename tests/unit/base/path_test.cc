#include "base/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Path, PartsAreThoseOfTheNormalForm) {
  EXPECT_THAT(path_parts("./a//b/"), ElementsAre("a", "b"));
  EXPECT_THAT(path_parts("/a/c/../b"), ElementsAre("a", "b"));
  EXPECT_THAT(path_parts("/../a"), ElementsAre("a"));
  EXPECT_THAT(path_parts("../../a/.."), ElementsAre("..", ".."));
  EXPECT_THAT(path_parts("."), IsEmpty());
  EXPECT_THAT(path_parts(""), IsEmpty());
}

TEST(Path, WithinAFolderItIsTheSameHoweverBothAreSpelled) {
  for (const auto& [folder, path] :
       {std::pair{"/etc/t", "/etc/t/rules/a.yml"}, std::pair{"t", "t/rules/a.yml"},
        std::pair{".", "rules/a.yml"}, std::pair{"./t/", "t/x/../rules//a.yml"},
        std::pair{"/etc/t/../t", "/etc/t/rules/a.yml"}}) {
    EXPECT_EQ(path_within(folder, path), "rules/a.yml") << folder << " " << path;
  }
}

TEST(Path, OutsideOfAFolderItIsNormal) {
  EXPECT_EQ(path_within("/etc/t", "/var/x/../a.yml"), "/var/a.yml");
  EXPECT_EQ(path_within("/etc/t", "/etc/t/../u/a.yml"), "/etc/u/a.yml");
  EXPECT_EQ(path_within("t", "/t/a.yml"), "/t/a.yml");
  EXPECT_EQ(path_within(".", "../a.yml"), "../a.yml");
  EXPECT_EQ(path_within("/", "/a.yml"), "a.yml");
}

}  // namespace
}  // namespace tocsin::base
