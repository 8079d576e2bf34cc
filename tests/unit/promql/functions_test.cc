#include "promql/functions.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "unit/promql/world.h"

namespace tocsin::promql {
namespace {

using Cases = std::vector<std::pair<std::string, std::string>>;

World counters() {
  World world;
  world.load("c_total 0 10 20 5 15 25 35 45 55 65 75")
      .load("g 1 2 4 8 16 NaN 3 3 3 2 1")
      .load("line 0+5x10")
      .load("flat 4x10");
  return world;
}

void expect(const World& world, const Cases& cases) {
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(world.show(text), expected) << text;
  }
}

TEST(Functions, TableIsSound) {
  std::set<std::string_view> names;
  for (const Function& function : all_functions()) {
    EXPECT_TRUE(names.insert(function.name).second) << function.name;
    EXPECT_FALSE(function.doc.empty()) << function.name;
    EXPECT_EQ(find_function(function.name), &function);
    EXPECT_GE(static_cast<int>(function.arguments.size()), function.variadic) << function.name;
  }
  EXPECT_GT(names.size(), 70U);
  EXPECT_EQ(find_function("lag"), nullptr);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Functions, HaveSignaturesForPeople) {
  const auto of = [](std::string_view name) { return signature(*find_function(name)); };
  EXPECT_EQ(of("time"), "time()");
  EXPECT_EQ(of("rate"), "rate(range)");
  EXPECT_EQ(of("round"), "round(vector[, scalar])");
  EXPECT_EQ(of("year"), "year([vector])");
  EXPECT_EQ(of("label_join"), "label_join(vector, string, string[, string]…)");
  EXPECT_EQ(of("histogram_quantiles"), "histogram_quantiles(vector, string, scalar[, scalar]…)");
  EXPECT_EQ(of("quantile_over_time"), "quantile_over_time(scalar, range)");
}

// docs/promql.md lists every function as the table has it, with the file where it is computed.
TEST(Functions, AreDocumentedAsTheyAre) {
  const std::filesystem::path root = TOCSIN_SOURCE_DIR;
  std::map<std::string, std::string> sources;
  for (const auto& entry : std::filesystem::directory_iterator(root / "daemon/promql")) {
    const std::string name = entry.path().filename();
    if (name.starts_with("functions_") && name.ends_with(".cc")) {
      sources[name] = read_file(entry.path());
    }
  }
  std::string table;
  for (const Function& function : all_functions()) {
    std::string file;
    for (const auto& [name, text] : sources) {
      file += text.find("\"" + std::string(function.name) + "\",") != std::string::npos
                  ? (file.empty() ? "" : ", ") + name
                  : "";
    }
    table += "| `" + signature(function) + "` | " + std::string(function.doc) +
             (function.experimental ? "; experimental" : "") + " | `" + file + "` |\n";
  }
  const std::string page = read_file(root / "docs/promql.md");
  EXPECT_NE(page.find("|---|---|---|\n" + table + "\n"), std::string::npos)
      << "the list in docs/promql.md should be\n"
      << table;
}

// The room's README names the file of each function; a pattern such as `clamp*` stands for some.
TEST(Functions, AreWhereTheReadmeSays) {
  const std::filesystem::path room = std::filesystem::path(TOCSIN_SOURCE_DIR) / "daemon/promql";
  const std::string page = read_file(room / "README.md");
  std::size_t checked = 0;
  for (const std::string_view line : base::split(page, '\n')) {
    const std::size_t file = line.find("functions_");
    const auto cells = base::split(line, '|');
    if (cells.size() < 3 || file == std::string_view::npos) {
      continue;
    }
    const std::string name(line.substr(file, line.find('`', file) - file));
    const std::string text = read_file(room / name);
    EXPECT_FALSE(text.empty()) << name;
    for (const std::string_view word : base::split(cells[1], '`')) {
      if (find_function(word) != nullptr) {
        EXPECT_NE(text.find("\"" + std::string(word) + "\""), std::string::npos)
            << word << " is not in " << name;
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 20U);
}

TEST(Functions, OfCounters) {
  expect(counters(), {{"rate(line[50s])", "{} 0.5"},
                      {"increase(line[50s])", "{} 25"},
                      {"delta(line[50s])", "{} 25"},
                      {"increase(c_total[100s])", "{} 94.44444444444444"},
                      {"resets(c_total[200s])", "{} 1"},
                      {"changes(flat[200s])", "{} 0"},
                      {"changes(g[200s])", "{} 8"},
                      {"irate(c_total[1m])", "{} 1"},
                      {"irate(c_total[1m] @ 30)", "{} 0.5"},
                      {"idelta(c_total[1m] @ 30)", "{} -15"},
                      {"rate(line[10s])", ""},
                      {"irate(line[10s])", ""},
                      {"deriv(line[10s])", ""},
                      {"deriv(line[1m])", "{} 0.5"},
                      {"deriv(flat[1m])", "{} 0"},
                      {"predict_linear(line[1m], 100)", "{} 100"},
                      {"double_exponential_smoothing(line[1m], 0.5, 0.5)", "{} 50"},
                      {"double_exponential_smoothing(line[1m], 1, 0.5)",
                       "error: invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000"},
                      {"holt_winters(line[1m], 0.5, 0)",
                       "error: invalid trend factor. Expected: 0 < tf < 1, got: 0.000000"}});
}

TEST(Functions, OverTime) {
  expect(counters(), {{"sum_over_time(flat[50s])", "{} 20"},
                      {"avg_over_time(flat[50s])", "{} 4"},
                      {"min_over_time(g[200s])", "{} 1"},
                      {"max_over_time(g[200s])", "{} 16"},
                      {"count_over_time(g[200s])", "{} 11"},
                      {"last_over_time(g[200s])", "g 1"},
                      {"first_over_time(g[200s])", "g 1"},
                      {"present_over_time(g[200s])", "{} 1"},
                      {"stddev_over_time(flat[50s])", "{} 0"},
                      {"stdvar_over_time(line[30s])", "{} 16.666666666666668"},
                      {"quantile_over_time(0.5, line[50s])", "{} 40"},
                      {"mad_over_time(line[50s])", "{} 5"},
                      {"ts_of_max_over_time(flat[50s])", "{} 100"},
                      {"absent_over_time(nothing{a=\"b\",c=~\"d\"}[5m])", "{a=\"b\"} 1"},
                      {"absent_over_time(flat[5m])", ""}});
}

TEST(Functions, OfNumbers) {
  World world;
  world.load("m -2.5x10").load("p 2.5x10");
  expect(world, {{"abs(m)", "{} 2.5"},
                 {"ceil(m)", "{} -2"},
                 {"floor(m)", "{} -3"},
                 {"round(m)", "{} -2"},
                 {"round(p, 2)", "{} 2"},
                 {"sgn(m)", "{} -1"},
                 {"clamp(m, -1, 1)", "{} -1"},
                 {"clamp(m, 1, -1)", ""},
                 {"clamp_min(m, 0)", "{} 0"},
                 {"clamp_max(p, NaN)", "{} NaN"},
                 {"sqrt(m)", "{} NaN"},
                 {"scalar(p)", "2.5"},
                 {"scalar({__name__=~\"m|p\"})", "NaN"},
                 {"vector(1)", "{} 1"},
                 {"time()", "100"},
                 {"deg(vector(pi()))", "{} 180"},
                 {"10 % 4", "2"},
                 {"1 / 0", "+Inf"},
                 {"0 / 0", "NaN"}});
}

TEST(Functions, OfTime) {
  World world;
  const std::string noon = "vector(1709208000)";  // 2024-02-29 12:00:00 UTC, a Thursday
  expect(world, {{"year(" + noon + ")", "{} 2024"},
                 {"month(" + noon + ")", "{} 2"},
                 {"day_of_month(" + noon + ")", "{} 29"},
                 {"day_of_week(" + noon + ")", "{} 4"},
                 {"day_of_year(" + noon + ")", "{} 60"},
                 {"days_in_month(" + noon + ")", "{} 29"},
                 {"hour(" + noon + ")", "{} 12"},
                 {"minute()", "{} 1"},
                 {"year(vector(NaN))", "{} 2.92277026596e+11"},
                 {"year(vector(1e300)) > bool 0", "{} 1"}});
  world.load("m{a=\"1\"} 1");
  expect(world, {{"timestamp(m)", "{a=\"1\"} 0"}, {"timestamp(m + 0)", "{a=\"1\"} 100"}});
}

TEST(Functions, OfLabels) {
  World world;
  world.load("m{a=\"x-1\",b=\"2\"} 1x10");
  expect(world, {{"label_replace(m, \"c\", \"$1/${n}$$\", \"a\", \"(?P<n>.)-(.)\")",
                  "m{a=\"x-1\", b=\"2\", c=\"x/x$\"} 1"},
                 {"label_replace(m, \"c\", \"$9\", \"a\", \".*\")", "m{a=\"x-1\", b=\"2\"} 1"},
                 {"label_replace(m, \"c\", \"v\", \"a\", \"x\")", "m{a=\"x-1\", b=\"2\"} 1"},
                 {"label_replace(m, \"a\", \"\", \"a\", \".*\")", "m{b=\"2\"} 1"},
                 {"label_replace(m, \"c\", \"$1\", \"a\", \"(\")",
                  "error: invalid regular expression in label_replace(): ("},
                 {"label_replace(m, \"\", \"$1\", \"a\", \"\")",
                  "error: invalid destination label name in label_replace(): "},
                 {"label_join(m, \"c\", \"_\", \"a\", \"b\", \"none\")",
                  "m{a=\"x-1\", b=\"2\", c=\"x-1_2_\"} 1"},
                 {"label_join(m, \"\", \"_\", \"a\")",
                  "error: invalid destination label name in label_join(): "},
                 {"label_join(m, \"c\", \"_\", \"\")",
                  "error: invalid source label name in label_join(): "},
                 {"absent(nothing{a=\"1\",b=\"2\",b=\"3\",c!=\"x\"})", "{a=\"1\"} 1"},
                 {"absent(sum(nothing))", "{} 1"},
                 {"absent(m)", ""}});
}

TEST(Functions, SortPutsNanLast) {
  World world;
  world.load("m{i=\"1\"} NaNx10").load("m{i=\"2\"} 2x10").load("m{i=\"3\"} 3x10");
  EXPECT_EQ(world.show("sort(m)"), "m{i=\"2\"} 2, m{i=\"3\"} 3, m{i=\"1\"} NaN");
  EXPECT_EQ(world.show("sort_desc(m)"), "m{i=\"3\"} 3, m{i=\"2\"} 2, m{i=\"1\"} NaN");
}

TEST(Functions, OfClassicHistograms) {
  World world;
  world.load("h_bucket{le=\"1\"} 10x10")
      .load("h_bucket{le=\"2\"} 20x10")
      .load("h_bucket{le=\"4\"} 20x10")
      .load("h_bucket{le=\"+Inf\"} 40x10")
      .load("odd_bucket{le=\"1\"} 10x10")
      .load("odd_bucket{le=\"2\"} 5x10")
      .load("odd_bucket{le=\"+Inf\"} 10x10")
      .load("open_bucket{le=\"1\"} 10x10");
  expect(world, {{"histogram_quantile(0.25, h_bucket)", "{} 1"},
                 {"histogram_quantile(0.4, h_bucket)", "{} 1.6"},
                 {"histogram_quantile(0.9, h_bucket)", "{} 4"},
                 {"histogram_quantile(-1, h_bucket)", "{} -Inf"},
                 {"histogram_quantile(0.5, open_bucket)", "{} NaN"},
                 {"histogram_fraction(0, 1, h_bucket)", "{} 0.25"},
                 {"histogram_fraction(1, 1.5, h_bucket)", "{} 0.125"},
                 {"histogram_count(h_bucket)", ""}});
  const auto fixed = world.evaluate("histogram_quantile(0.5, odd_bucket)");
  ASSERT_TRUE(fixed);
  ASSERT_EQ(fixed->infos.size(), 1U);
  EXPECT_NE(fixed->infos[0].find("needed to be fixed for monotonicity"), std::string::npos);
}

}  // namespace
}  // namespace tocsin::promql
