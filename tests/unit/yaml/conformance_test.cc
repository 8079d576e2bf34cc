#include <gtest/gtest.h>

#include "base/text.h"
#include "support/conformance.h"
#include "yaml/document.h"

namespace tocsin::yaml {
namespace {

/// Whether a reference tool's message is about YAML itself rather than about what is written in it.
bool is_syntax_message(std::string_view detail) {
  return detail.find("could not find expected") != std::string_view::npos ||
         detail.find("did not find expected") != std::string_view::npos ||
         detail.find("mapping values are not allowed") != std::string_view::npos ||
         detail.find("already defined") != std::string_view::npos ||
         detail.find("cannot start any token") != std::string_view::npos;
}

TEST(Conformance, LoadsEveryFileThatTheReferenceTakesAsYaml) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  const std::string verdicts = testing::read_file(*folder + "/verdicts.tsv");
  int files = 0;
  for (const std::string_view line : base::split(verdicts, '\n')) {
    const auto columns = base::split(line, '\t');
    if (line.starts_with('#') || columns.size() < 3) {
      continue;
    }
    const std::string file(columns[0]);
    const auto document = Document::parse(testing::read_file(*folder + "/" + file), file);
    ++files;
    if (columns[2] == "accepted") {
      EXPECT_TRUE(document) << document.error().to_string();
    } else if (columns.size() > 3 && is_syntax_message(columns[3])) {
      ASSERT_FALSE(document) << file << ": " << columns[3];
      EXPECT_TRUE(document.error().position()) << file;
    }
  }
  EXPECT_GT(files, 500);
}

}  // namespace
}  // namespace tocsin::yaml
