#include "integration/promql_differential/compliance.h"

#include <yaml-cpp/yaml.h>

#include <map>

namespace tocsin::differential {
namespace {

using Values = std::vector<std::string>;

// What the tester puts in for each name.
const std::map<std::string, Values>& variants() {
  static const Values kArithmetic = {"+", "-", "*", "/", "%", "^"};
  static const Values kComparison = {"==", "!=", "<", ">", "<=", ">="};
  static const Values kOperators = [] {
    Values all = kArithmetic;
    all.insert(all.end(), kComparison.begin(), kComparison.end());
    return all;
  }();
  static const std::map<std::string, Values> kVariants = {
      {"range", {"1s", "15s", "1m", "5m", "15m", "1h"}},
      {"offset", {"1m", "5m", "10m"}},
      {"simpleAggrOp", {"sum", "avg", "max", "min", "count", "stddev", "stdvar"}},
      {"simpleTimeAggrOp",
       {"sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last", "present"}},
      {"topBottomOp", {"topk", "bottomk"}},
      {"quantile", {"-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5"}},
      {"arithBinOp", kArithmetic},
      {"compBinOp", kComparison},
      {"binOp", kOperators},
      {"simpleMathFunc", {"abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round"}},
      {"extrapolatedRateFunc", {"delta", "rate", "increase"}},
      {"clampFunc", {"clamp_min", "clamp_max"}},
      {"instantRateFunc", {"idelta", "irate"}},
      {"dateFunc",
       {"day_of_month", "day_of_week", "days_in_month", "hour", "minute", "month", "year"}},
      {"smoothingFactor", {"0.1", "0.5", "0.8"}},
      {"trendFactor", {"0.1", "0.5", "0.8"}},
  };
  return kVariants;
}

// Every combination of what can stand for these names.
Values multiply(const std::string& query, const Values& names) {
  Values all = {query};
  for (const std::string& name : names) {
    const std::string placeholder = "{{." + name + "}}";
    Values longer;
    for (const std::string& one : all) {
      for (const std::string& value : variants().at(name)) {
        std::string filled = one;
        for (std::size_t at = filled.find(placeholder); at != std::string::npos;
             at = filled.find(placeholder)) {
          filled.replace(at, placeholder.size(), value);
        }
        longer.push_back(std::move(filled));
      }
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

std::vector<ComplianceQuery> read_compliance_list(const std::string& yaml) {
  std::vector<ComplianceQuery> all;
  for (const YAML::Node& item : YAML::Load(yaml)["test_cases"]) {
    Values names;
    for (const YAML::Node& name : item["variant_args"]) {
      names.push_back(name.as<std::string>());
    }
    const bool should_fail = item["should_fail"].as<bool>(false);
    for (std::string& query : multiply(item["query"].as<std::string>(), names)) {
      all.push_back({std::move(query), should_fail});
    }
  }
  return all;
}

}  // namespace tocsin::differential
