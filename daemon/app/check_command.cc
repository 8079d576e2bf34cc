#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/backends.h"
#include "app/cli.h"
#include "app/config.h"
#include "async/real_environment.h"
#include "async/real_file_system.h"

namespace tocsin::app {
namespace {

struct Verdict {
  std::string file;
  bool configuration = false;
  std::size_t rules = 0;
  yaml::Problems problems;
};

// Rule files have `groups` (or nothing) at the top; everything else is a configuration.
bool looks_like_rules(const std::string& path, const base::FileSystem& files) {
  const auto text = files.read_file(path, base::kMaxConfigFileBytes);
  if (!text) {
    return false;
  }
  const auto document = yaml::Document::parse(*text, path);
  if (!document) {
    // Let the room that is more probable explain it.
    return text->find("groups:") != std::string::npos;
  }
  const yaml::Node& root = document->root();
  if (root.kind() != yaml::NodeKind::kMapping) {
    return true;
  }
  for (const char* key : {"route", "receivers", "scrape_configs", "global", "sources", "web"}) {
    if (root.find(key) != nullptr) {
      return false;
    }
  }
  return true;
}

Verdict check_file(const std::string& path, const promql::Features& features) {
  const async::RealFileSystem files;
  const async::RealEnvironment environment;
  Verdict verdict;
  verdict.file = path;
  if (looks_like_rules(path, files)) {
    const rules::RuleFile loaded = load_rule_file(path, files, features, verdict.problems);
    for (const rules::Group& group : loaded.groups) {
      verdict.rules += group.rules.size();
    }
    return verdict;
  }
  verdict.configuration = true;
  const auto backends = make_backends();
  const Config config =
      load_config(path, *backends, files, environment, {.features = features}, verdict.problems);
  verdict.rules = config.rule_count();
  return verdict;
}

void print_verdict(const Verdict& verdict) {
  for (const base::Error& warning : verdict.problems.warnings()) {
    std::fprintf(stderr, "warning: %s\n", warning.to_string().c_str());
  }
  for (const base::Error& error : verdict.problems.errors()) {
    std::fprintf(stderr, "%s\n", error.to_string().c_str());
  }
  if (verdict.problems.ok()) {
    std::printf("%s: ok, %zu rules%s\n", verdict.file.c_str(), verdict.rules,
                verdict.configuration ? " (configuration)" : "");
  }
}

boost::json::array to_json(const std::vector<base::Error>& errors) {
  boost::json::array list;
  for (const base::Error& error : errors) {
    boost::json::object item{{"message", error.message()}};
    if (const auto& position = error.position()) {
      item["file"] = position->file;
      item["line"] = position->line;
      item["column"] = position->column;
    }
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace

int check_files(const std::vector<std::string>& files, const std::vector<std::string>& features,
                bool json) {
  const promql::Features enabled = enabled_features(features);
  bool ok = true;
  boost::json::array verdicts;
  for (const std::string& file : files) {
    const Verdict verdict = check_file(file, enabled);
    ok = ok && verdict.problems.ok();
    if (json) {
      verdicts.push_back(boost::json::object{{"file", verdict.file},
                                             {"ok", verdict.problems.ok()},
                                             {"rules", verdict.rules},
                                             {"errors", to_json(verdict.problems.errors())},
                                             {"warnings", to_json(verdict.problems.warnings())}});
    } else {
      print_verdict(verdict);
    }
  }
  if (json) {
    std::printf("%s\n", boost::json::serialize(verdicts).c_str());
  }
  return ok ? 0 : 1;
}

}  // namespace tocsin::app
