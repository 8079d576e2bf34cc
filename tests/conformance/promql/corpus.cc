#include "conformance/promql/corpus.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <variant>

#include "base/text.h"
#include "conformance/promql/script.h"
#include "support/conformance.h"

namespace tocsin::promqltest {
namespace {

// Collects the expressions of a Prometheus rule file.
void collect(const YAML::Node& document, std::vector<std::string>& expressions) {
  if (!document.IsMap() || !document["groups"] || !document["groups"].IsSequence()) {
    return;
  }
  for (const YAML::Node& group : document["groups"]) {
    if (!group.IsMap() || !group["rules"] || !group["rules"].IsSequence()) {
      continue;
    }
    for (const YAML::Node& rule : group["rules"]) {
      const YAML::Node expr = rule.IsMap() ? rule["expr"] : YAML::Node();
      if (expr && expr.IsScalar()) {
        expressions.push_back(expr.as<std::string>());
      }
    }
  }
}

std::string fill_in(std::string text) {
  static constexpr std::pair<std::string_view, std::string_view> kValues[] = {
      {"range", "5m"},
      {"offset", "10m"},
      {"quantile", "0.5"},
      {"simpleAggrOp", "sum"},
      {"topBottomOp", "topk"},
      {"simpleTimeAggrOp", "avg"},
      {"arithBinOp", "%"},
      {"compBinOp", "=="},
      {"binOp", "-"},
      {"simpleMathFunc", "abs"},
      {"extrapolatedRateFunc", "rate"},
      {"clampFunc", "clamp_min"},
      {"instantRateFunc", "irate"},
      {"dateFunc", "year"},
      {"smoothingFactor", "0.5"},
      {"trendFactor", "0.1"},
  };
  for (const auto& [name, value] : kValues) {
    const std::string mark = "{{." + std::string(name) + "}}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> scripts_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".test") {
      files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> rule_expressions(const std::string& conformance_dir) {
  std::vector<std::string> expressions;
  const std::string verdicts = testing::read_file(conformance_dir + "/verdicts.tsv");
  for (const std::string_view row : base::split(verdicts, '\n')) {
    const auto cells = base::split(row, '\t');
    if (cells.size() > 2 && cells[1] == "rules" && cells[2].starts_with("accept")) {
      collect(YAML::LoadFile(conformance_dir + "/" + std::string(cells[0])), expressions);
    }
  }
  return expressions;
}

std::vector<std::string> script_expressions(const std::string& folder) {
  std::vector<std::string> expressions;
  for (const std::string& file : scripts_in(folder)) {
    const auto commands = parse_script(testing::read_file(file));
    if (!commands) {
      continue;
    }
    for (const Command& command : *commands) {
      if (const auto* eval = std::get_if<Eval>(&command)) {
        expressions.push_back(eval->expression);
      }
    }
  }
  return expressions;
}

std::vector<std::string> compliance_queries(const std::string& conformance_dir) {
  std::vector<std::string> expressions;
  const YAML::Node document =
      YAML::LoadFile(conformance_dir + "/compliance/promql/promql-test-queries.yml");
  for (const YAML::Node& test : document["test_cases"]) {
    if (!test["should_fail"] || !test["should_fail"].as<bool>()) {
      expressions.push_back(fill_in(test["query"].as<std::string>()));
    }
  }
  return expressions;
}

}  // namespace tocsin::promqltest
