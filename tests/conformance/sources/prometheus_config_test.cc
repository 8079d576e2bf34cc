// Prometheus' own configuration files: what must be refused is refused, and what must load loads
// or fails with nothing but features that are not there yet.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "async/real_file_system.h"
#include "sources/scrape_config.h"
#include "support/conformance.h"

namespace tocsin::sources {
namespace {

struct Outcome {
  std::vector<std::string> errors;
  bool only_unsupported = true;
};

Outcome load(const std::string& path) {
  Outcome outcome;
  yaml::Problems problems;
  const auto document = yaml::Document::parse(testing::read_file(path), path);
  if (!document) {
    problems.add(document.error());
  } else {
    static const yaml::Node kNothing;
    yaml::MappingReader root(document->root(), "configuration", problems);
    const yaml::Node* global = root.take("global");
    yaml::MappingReader reader(global != nullptr ? *global : kNothing, "global", problems);
    const ScrapeGlobals globals = decode_scrape_globals(reader, problems);
    for (const char* key :
         {"evaluation_interval", "external_labels", "rule_query_offset", "query_log_file"}) {
      reader.take(key);
    }
    reader.finish();
    if (const yaml::Node* jobs = root.take("scrape_configs")) {
      decode_scrape_configs(*jobs, globals, {}, problems);
    }
    root.unsupported({"scrape_config_files"});
    for (const char* key : {"rule_files", "alerting", "remote_write", "remote_read", "storage",
                            "tracing", "runtime", "otlp"}) {
      root.take(key);
    }
    root.finish();
  }
  for (const base::Error& error : problems.errors()) {
    outcome.errors.push_back(error.to_string());
    if (error.message().find("not supported yet") == std::string::npos) {
      outcome.only_unsupported = false;
    }
  }
  return outcome;
}

bool must_load(const std::string& name) {
  return name.ends_with(".good.yml") || name.ends_with("_mode.yml") ||
         name.ends_with("_escaping.yml");
}

// These load with nothing said.
const std::set<std::string> kLoad = {
    "external_labels.good.yml",
    "global_disable_extra_scrape_metrics.good.yml",
    "global_enable_always_scrape_classic_hist.good.yml",
    "scrape_config_default_validation_mode.yml",
    "scrape_config_files.good.yml",
    "scrape_config_global_validation_mode.yml",
    "scrape_config_local_global_validation_mode.yml",
    "scrape_config_local_infer_escaping.yml",
    "scrape_config_local_validation_mode.yml",
};

// These are refused for a fault that this room does not see, and the reason why.
const std::map<std::string, std::string> kOthersBusiness = {
    {"config_with_deprecated_am_api_config.yml", "about alerting"},
    {"labelvalue.bad.yml", "about external_labels"},
};

TEST(PrometheusConfig, LoadsWhatPrometheusLoads) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  const async::RealFileSystem files;
  const auto names = files.list_folder(*folder + "/prometheus/config");
  ASSERT_TRUE(names);
  std::set<std::string> loaded;
  int good = 0;
  int bad = 0;
  for (const std::string& name : *names) {
    if (!name.ends_with(".yml")) {
      continue;
    }
    const Outcome outcome = load(*folder + "/prometheus/config/" + name);
    if (must_load(name)) {
      ++good;
      EXPECT_TRUE(outcome.only_unsupported)
          << name << ": " << ::testing::PrintToString(outcome.errors);
      if (outcome.errors.empty()) {
        loaded.insert(name);
      }
    } else if (!kOthersBusiness.contains(name)) {
      ++bad;
      EXPECT_FALSE(outcome.errors.empty()) << name;
    }
  }
  EXPECT_EQ(loaded, kLoad);
  EXPECT_GE(good, 15);
  EXPECT_GE(bad, 35);
}

}  // namespace
}  // namespace tocsin::sources
