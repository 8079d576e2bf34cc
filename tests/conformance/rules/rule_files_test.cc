// Rule files from the field: accepted and refused as by promtool, with as many rules.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/text.h"
#include "rules/rule_file.h"
#include "support/conformance.h"

namespace tocsin::rules {
namespace {

struct Verdict {
  std::string file;
  bool accepted = false;
  std::size_t rules = 0;
};

// Files that the newest Prometheus judges otherwise than the recorded 2.42, and why.
const std::map<std::string, Verdict>& exceptions() {
  static const std::map<std::string, Verdict> kExceptions = {
      // Since 3.0 any UTF-8 is a label or annotation name, unless the scheme is "legacy".
      {"prometheus/rulefmt/utf-8_lname.good.yaml", {"", true, 1}},
      {"prometheus/rulefmt/legacy_validation_annotation.bad.yaml", {"", true, 1}},
  };
  return kExceptions;
}

std::vector<Verdict> read_verdicts(const std::string& folder) {
  std::vector<Verdict> verdicts;
  std::istringstream lines(testing::read_file(folder + "/verdicts.tsv"));
  for (std::string line; std::getline(lines, line);) {
    const auto fields = base::split(line, '\t');
    if (fields.size() < 4 || fields[1] != "rules") {
      continue;
    }
    Verdict verdict{std::string(fields[0]), fields[2] == "accepted", 0};
    if (verdict.accepted) {
      verdict.rules = static_cast<std::size_t>(
          base::parse_number(fields[3].substr(0, fields[3].find(' '))).value_or(0));
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

TEST(RuleFilesFromTheField, AreJudgedAsThePrometheusToolJudgesThem) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data; set TOCSIN_CONFORMANCE_DIR";
  }
  const auto verdicts = read_verdicts(*folder);
  ASSERT_GT(verdicts.size(), 400U);
  for (Verdict expected : verdicts) {
    if (const auto exception = exceptions().find(expected.file); exception != exceptions().end()) {
      expected.accepted = exception->second.accepted;
      expected.rules = exception->second.rules;
    }
    yaml::Problems problems;
    const RuleFile file =
        decode(testing::read_file(*folder + "/" + expected.file), expected.file, {}, problems);
    std::string first = problems.ok() ? "" : problems.errors()[0].to_string();
    EXPECT_EQ(problems.ok(), expected.accepted) << expected.file << "\n  " << first;
    if (!problems.ok()) {
      EXPECT_TRUE(problems.errors()[0].position().has_value()) << first;
      continue;
    }
    std::size_t rules = 0;
    for (const Group& group : file.groups) {
      rules += group.rules.size();
    }
    EXPECT_EQ(rules, expected.rules) << expected.file;
  }
}

TEST(RuleFilesFromTheField, LegacyNamesAreCheckedWhenAskedFor) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data; set TOCSIN_CONFORMANCE_DIR";
  }
  for (const auto& [name, good] :
       std::map<std::string, bool>{{"legacy_validation_annotation.bad.yaml", false},
                                   {"legacy_validation_annotation.good.yaml", true},
                                   {"utf-8_lname.good.yaml", false}}) {
    yaml::Problems problems;
    decode(testing::read_file(*folder + "/prometheus/rulefmt/" + name), name,
           {.legacy_names = true}, problems);
    EXPECT_EQ(problems.ok(), good) << name;
  }
}

}  // namespace
}  // namespace tocsin::rules
