// Prometheus' own configuration files, as `tocsin check` judges them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "app/check.h"
#include "async/real_file_system.h"
#include "support/conformance.h"
#include "support/fake_environment.h"

namespace tocsin::app {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kNotYet = "not supported yet";

class ConfigConformance : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto found = testing::conformance_dir();
    if (!found) {
      GTEST_SKIP() << "no conformance data";
    }
    folder_ = *found + "/prometheus/config/";
  }

  Verdict check(const std::string& name) const {
    const std::map<std::string, std::string> variables = {{"TEST", "TestValue"}};
    const testing::FakeEnvironment environment(variables);
    return check_file(folder_ + name, {}, files_, environment);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    const auto listed = files_.list_folder(folder_);
    EXPECT_TRUE(listed);
    for (const std::string& name : listed ? *listed : std::vector<std::string>()) {
      if (name.ends_with(".yml")) {
        result.push_back(name);
      }
    }
    return result;
  }

  async::RealFileSystem files_;
  std::string folder_;
};

std::string text_of(const Verdict& verdict) {
  std::string text;
  for (const base::Error& error : verdict.problems.errors()) {
    text += error.to_string() + "\n";
  }
  return text;
}

bool is_bad(const std::string& name) {
  return name.ends_with(".bad.yml") || name.find("deprecated") != std::string::npos;
}

// These load; all other good ones ask for what is not there yet.
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

// What the refusal of a bad one has to name, where it is not a feature that is not there yet.
const std::map<std::string, std::string> kReasons = {
    {"config_with_deprecated_am_api_config.yml", "v1"},
    {"empty_static_config.bad.yml", "empty entry"},
    {"jobname.bad.yml", "job_name"},
    {"jobname_dup.bad.yml", "there twice"},
    {"labelmap.bad.yml", "binary"},
    {"labelvalue.bad.yml", "binary"},
    {"scrape_body_size_limit.bad.yml", "not a valid size"},
    {"scrape_config_files.bad.yml", "longer than the scrape interval"},
    {"scrape_config_files_fallback_scrape_protocol1.bad.yml", "fallback_scrape_protocol"},
    {"scrape_config_files_scrape_protocols.bad.yml", "scrape_protocols"},
    {"scrape_interval.bad.yml", "longer than the scrape interval"},
    {"section_key_dup.bad.yml", "already defined"},
    {"unknown_attr.bad.yml", "consult_sd_configs"},
    {"unknown_global_attr.bad.yml", "nonexistent_field"},
    {"url_in_targetgroup.bad.yml", "host:port"},
};

TEST_F(ConfigConformance, GoodFilesLoadUnlessAFeatureIsNotThereYet) {
  std::set<std::string> loaded;
  for (const std::string& name : names()) {
    if (is_bad(name)) {
      continue;
    }
    const Verdict verdict = check(name);
    EXPECT_TRUE(verdict.configuration) << name;
    if (verdict.problems.ok()) {
      loaded.insert(name);
    }
    for (const base::Error& error : verdict.problems.errors()) {
      // Files with secrets are not part of the data.
      EXPECT_TRUE(error.message().find(kNotYet) != std::string::npos ||
                  error.message().find("cannot read") != std::string::npos)
          << error.to_string();
    }
    EXPECT_EQ(verdict.problems.ok() || text_of(verdict).find(kNotYet) != std::string::npos, true)
        << name << "\n"
        << text_of(verdict);
  }
  EXPECT_EQ(loaded, kLoad);
}

TEST_F(ConfigConformance, BadFilesAreRefusedForTheirFault) {
  int count = 0;
  for (const std::string& name : names()) {
    if (!is_bad(name)) {
      continue;
    }
    ++count;
    const Verdict verdict = check(name);
    EXPECT_TRUE(verdict.configuration) << name;
    ASSERT_FALSE(verdict.problems.ok()) << name;
    const auto reason = kReasons.find(name);
    EXPECT_THAT(text_of(verdict),
                HasSubstr(reason != kReasons.end() ? reason->second : std::string(kNotYet)))
        << name;
    EXPECT_TRUE(verdict.problems.errors()[0].position()) << name;
  }
  EXPECT_GE(count, 35);
}

}  // namespace
}  // namespace tocsin::app
