#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/check.h"
#include "app/cli.h"
#include "async/real_environment.h"
#include "async/real_file_system.h"

namespace tocsin::app {
namespace {

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
  const async::RealFileSystem disk;
  const async::RealEnvironment environment;
  bool ok = true;
  boost::json::array verdicts;
  for (const std::string& file : files) {
    const Verdict verdict = check_file(file, enabled, disk, environment);
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
