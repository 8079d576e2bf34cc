#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "exposition/check.h"
#include "exposition/parse.h"
#include "support/conformance.h"

namespace tocsin::exposition {
namespace {

namespace fs = std::filesystem;

std::string describe(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += std::to_string(problem.line) + ":" + std::to_string(problem.column) + ": " +
            problem.reason + "\n";
  }
  return text;
}

/// The pages below a folder whose names end so, sorted.
std::vector<std::string> pages(const std::string& folder, const std::string& ending) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().string().ends_with(ending)) {
      paths.push_back(entry.path().string());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

std::size_t count_type_lines(const std::string& body) {
  std::size_t count = 0;
  for (std::size_t at = body.find("# TYPE "); at != std::string::npos;
       at = body.find("# TYPE ", at + 1)) {
    count += at == 0 || body[at - 1] == '\n' ? 1 : 0;
  }
  return count;
}

std::size_t count_sample_lines(const std::string& body) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < body.size();) {
    count += body[at] != '#' && body[at] != '\n' ? 1 : 0;
    const std::size_t end = body.find('\n', at);
    at = end == std::string::npos ? body.size() : end + 1;
  }
  return count;
}

class ExpositionConformance : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::optional<std::string> found = testing::conformance_dir();
    if (!found) {
      GTEST_SKIP() << "no conformance data";
    }
    folder_ = *found;
  }

  void expect_valid(const std::string& path, Format format) {
    SCOPED_TRACE(path);
    const std::string body = testing::read_file(path);
    EXPECT_EQ(guess_format(body), format);
    EXPECT_EQ(describe(check(body, format)), "");
    const base::Result<Page> page = parse(body, format);
    ASSERT_TRUE(page) << page.error().to_string();
    EXPECT_EQ(page->samples().size(), count_sample_lines(body));
    std::size_t typed = 0;
    for (const Family& family : page->families()) {
      typed += body.find("# TYPE " + family.name + " ") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(typed, count_type_lines(body));
  }

  std::string folder_;
};

TEST_F(ExpositionConformance, OpenMetricsParsers) {
  std::size_t good = 0;
  std::size_t bad = 0;
  for (const std::string& path : pages(folder_ + "/openmetrics/parsers", "/metrics")) {
    const std::string test = testing::read_file(fs::path(path).parent_path() / "test.json");
    ASSERT_FALSE(test.empty());
    if (test.find("\"shouldParse\": true") != std::string::npos) {
      ++good;
      expect_valid(path, Format::kOpenMetrics);
      continue;
    }
    ++bad;
    const std::string body = testing::read_file(path);
    EXPECT_FALSE(check(body, guess_format(body)).empty()) << path << ": as the command sees it";
    const std::vector<Problem> problems = check(body, Format::kOpenMetrics);
    EXPECT_FALSE(problems.empty()) << path;
    for (const Problem& problem : problems) {
      EXPECT_GT(problem.line, 0) << path;
      EXPECT_GT(problem.column, 0) << path;
      EXPECT_FALSE(problem.reason.empty()) << path;
    }
  }
  EXPECT_EQ(good, 26U);
  EXPECT_EQ(bad, 100U);
}

TEST_F(ExpositionConformance, PagesOfPrometheus) {
  for (const std::string& path : pages(folder_ + "/prometheus/textparse", ".om.txt")) {
    expect_valid(path, Format::kOpenMetrics);
  }
  for (const std::string& path : pages(folder_ + "/prometheus/textparse", ".prom.txt")) {
    expect_valid(path, Format::kText);
  }
  const std::string path = pages(folder_ + "/prometheus/textparse", "237mfs.prom.txt").at(0);
  const std::string body = testing::read_file(path);
  EXPECT_EQ(parse(body, Format::kText)->families().size(), 237U);
}

TEST_F(ExpositionConformance, PagesOfExporters) {
  expect_valid(folder_ + "/common/expfmt/text", Format::kText);
  expect_valid(folder_ + "/node_exporter/e2e-output.txt", Format::kText);
  expect_valid(folder_ + "/prometheus/promtool/metrics-test.prom", Format::kText);
  for (const char* ending : {".prom", ".out"}) {
    for (const std::string& path : pages(folder_ + "/node_exporter/textfile", ending)) {
      expect_valid(path, Format::kText);
    }
  }
}

}  // namespace
}  // namespace tocsin::exposition
