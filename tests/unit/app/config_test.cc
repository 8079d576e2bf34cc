#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "app/backends.h"
#include "async/real_file_system.h"
#include "base/text.h"
#include "support/fake_environment.h"
#include "support/fake_file_system.h"

namespace tocsin::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Loaded {
  Config config;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

Loaded load(const std::string& path, const base::FileSystem& files, const LoadOptions& options = {},
            std::map<std::string, std::string> environment = {}) {
  const auto backends = make_backends();
  yaml::Problems problems;
  Loaded loaded{load_config(path, *backends, files,
                            testing::FakeEnvironment(std::move(environment)), options, problems),
                {},
                {}};
  for (const base::Error& error : problems.errors()) {
    loaded.errors.push_back(error.to_string());
  }
  for (const base::Error& warning : problems.warnings()) {
    loaded.warnings.push_back(warning.to_string());
  }
  return loaded;
}

constexpr const char* kPeople =
    "route: {receiver: log}\n"
    "receivers: [{name: log, log_configs: [{send_resolved: true}]}]\n";

constexpr const char* kGoodRules =
    "groups:\n- name: good\n  rules:\n  - {alert: A, expr: up == 0}\n  - {record: 'a:b', expr: "
    "up}\n";

/// A configuration of these lines and two lines that every one needs.
Loaded load_text(const std::string& text, const LoadOptions& options = {}) {
  const testing::FakeFileSystem files{
      {"/etc/t/t.yml", text + kPeople},
      {"/etc/t/good.yml", kGoodRules},
      {"/etc/t/empty", " \n"},
      {"/etc/t/good.tmpl", "{{ define \"x\" }}{{ template \"y\" . }}{{ end }}"},
      {"/etc/t/bad.tmpl", "{{ define \"x\" }}\n  {{ nosuch . }}{{ end }}"},
      {"/etc/t/bad.yml",
       "groups:\n- name: bad\n  rules:\n  - {alert: A, expr: 'up =='}\n"
       "- name: good\n  rules:\n  - {alert: B, expr: up}\n"}};
  return load("/etc/t/t.yml", files, options);
}

TEST(Config, ProgramsAreLookedForInThePathOfTheProcess) {
  const testing::FakeFileSystem files{
      {"/etc/t/t.yml",
       "route: {receiver: p}\nreceivers: [{name: p, exec_configs: [{command: [page]}]}]\n"},
      {"/opt/site/page", ""}};
  EXPECT_THAT(load("/etc/t/t.yml", files, {}, {{"PATH", "/bin:/opt/site"}}).errors, IsEmpty());
  EXPECT_THAT(load("/etc/t/t.yml", files, {}, {{"PATH", "/bin"}}).errors,
              ElementsAre(HasSubstr("/etc/t/t.yml:2:")));
}

TEST(Config, TheShippedOneLoads) {
  const async::RealFileSystem files;
  const Loaded loaded = load(std::string(TOCSIN_SOURCE_DIR) + "/config/tocsin.yml", files);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_GT(loaded.config.rule_count(), 20U);
  EXPECT_EQ(loaded.config.sources.size(), 2U);
}

TEST(Config, TheDemonstrationLoads) {
  const async::RealFileSystem files;
  const Loaded loaded = load(std::string(TOCSIN_SOURCE_DIR) + "/deploy/demo.yml", files);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_GT(loaded.config.rule_count(), 3U);
  EXPECT_EQ(loaded.config.scrape_jobs.size(), 1U);
}

TEST(Config, TheOneOfTheSidecarLoads) {
  const async::RealFileSystem disk;
  const std::string path = std::string(TOCSIN_SOURCE_DIR) + "/deploy/kubernetes/sidecar.yaml";
  const auto manifest = disk.read_file(path, base::kMaxConfigFileBytes);
  ASSERT_TRUE(manifest.has_value());
  // The first of its documents is the ConfigMap.
  const std::string first = manifest->substr(0, manifest->find("\n---\n") + 1);
  const auto document = yaml::Document::parse(first, path);
  ASSERT_TRUE(document.has_value()) << document.error().to_string();
  const yaml::Node* data = document->root().find("data");
  ASSERT_NE(data, nullptr);
  testing::FakeFileSystem files;
  for (const char* name : {"tocsin.yml", "rules.yml"}) {
    const yaml::Node* text = data->find(name);
    ASSERT_NE(text, nullptr) << name;
    files.write(std::string("/etc/tocsin/") + name, std::string(text->text()));
  }
  const Loaded loaded = load("/etc/tocsin/tocsin.yml", files);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.config.rule_count(), 1U);
  EXPECT_EQ(loaded.config.web.host, "0.0.0.0");
}

TEST(Config, NeedsARouteAndItsReceiver) {
  const testing::FakeFileSystem files{{"/a.yml", "receivers: []\n"},
                                      {"/b.yml",
                                       "receivers: [{name: log, log_configs: [{}]}]\n"
                                       "route:\n  receiver: nobody\n"}};
  EXPECT_THAT(load("/a.yml", files).errors, ElementsAre(HasSubstr("route")));
  EXPECT_THAT(load("/b.yml", files).errors, ElementsAre(HasSubstr("/b.yml:3:13: ")));
  EXPECT_THAT(load("/c.yml", files).errors, ElementsAre(HasSubstr("/c.yml")));
}

TEST(Config, WithoutRouteAndReceiversNoticesGoToTheLog) {
  const testing::FakeFileSystem files{{"/a.yml", "global: {}\n"}};
  const Loaded loaded = load("/a.yml", files);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("to the log")));
  ASSERT_EQ(loaded.config.receivers.size(), 1U);
  EXPECT_EQ(loaded.config.receivers[0].integrations.size(), 1U);
  EXPECT_EQ(loaded.config.route.receiver, loaded.config.receivers[0].name);
}

struct Faulty {
  const char* name;
  const char* text;
  const char* place;  // file:line:column
  const char* what;
};

class FaultyConfig : public ::testing::TestWithParam<Faulty> {};

TEST_P(FaultyConfig, SaysWhereAndWhat) {
  const Faulty& faulty = GetParam();
  const Loaded loaded = load_text(faulty.text);
  ASSERT_EQ(loaded.errors.size(), 1U) << ::testing::PrintToString(loaded.errors);
  EXPECT_THAT(loaded.errors[0], HasSubstr(std::string(faulty.place) + ": "));
  EXPECT_THAT(loaded.errors[0], HasSubstr(faulty.what));
}

constexpr Faulty kFaulty[] = {
    {"UnknownKey", "global:\n  scrape_intervall: 5s\n", "/etc/t/t.yml:2:3", "scrape_intervall"},
    {"UnknownSection", "globals: {}\n", "/etc/t/t.yml:1:1", "globals"},
    {"NotSupportedYet", "remote_write: []\n", "/etc/t/t.yml:1:15", "not supported yet"},
    {"NotADuration", "global:\n  evaluation_interval: soon\n", "/etc/t/t.yml:2:24", "soon"},
    {"ZeroInterval", "global:\n  evaluation_interval: 0s\n", "/etc/t/t.yml:2:24", "longer than 0"},
    {"NotAChoice", "global: {no_data: maybe}\n", "/etc/t/t.yml:1:19", "maybe"},
    {"NotAnAddress", "web:\n  listen: nowhere\n", "/etc/t/t.yml:2:11", "nowhere"},
    {"NotAUrl", "web: {external_url: 'no url'}\n", "/etc/t/t.yml:1:21", "URL"},
    {"UnknownSource", "sources:\n- nosuch: {}\n", "/etc/t/t.yml:2:3", "nosuch"},
    {"MissingRules", "rule_files: [gone.yml]\n", "/etc/t/t.yml:1:14", "/etc/t/gone.yml"},
    {"RulesNoList", "rule_files: gone.yml\n", "/etc/t/t.yml:1:13", "list"},
    {"RulesNoPath", "rule_files: [{a: b}]\n", "/etc/t/t.yml:1:14", "path"},
    {"BrokenRule", "rule_files: [bad.yml]\n", "/etc/t/bad.yml:4:28", "unexpected end"},
    {"NoVariable", "global:\n  external_labels: {a: '${NOWHERE}'}\n", "/etc/t/t.yml:2:25",
     "NOWHERE"},
    {"BadPattern", "rule_files: ['[bad']\n", "/etc/t/t.yml:1:14", "expected a ]"},
    {"NoTokenFile", "web:\n  bearer_tokens: [{name: a, token_file: gone}]\n", "/etc/t/t.yml:2:41",
     "cannot read /etc/t/gone"},
    {"EmptyPassword", "web:\n  basic_auth_users: [{username: a, password_file: empty}]\n",
     "/etc/t/t.yml:2:51", "/etc/t/empty is empty"},
    {"NoCertificate", "web: {cert_file: gone}\n", "/etc/t/t.yml:1:18", "/etc/t/gone"},
    {"KeyAlone", "web: {key_file: good.yml}\n", "/etc/t/t.yml:1:17", "cert_file"},
    {"NoHeaderFile", "scrape_configs:\n- job_name: a\n  http_headers: {X-A: {files: [gone]}}\n",
     "/etc/t/t.yml:3:32", "/etc/t/gone"},
    {"NoTemplate", "templates: [good.tmpl, gone.tmpl]\n", "/etc/t/t.yml:1:24", "/etc/t/gone.tmpl"},
    {"BrokenTemplate", "templates: [bad.tmpl]\n", "/etc/t/bad.tmpl:2:6", "nosuch"},
    {"PostgresStorage", "storage: {url: 'postgresql://x'}\n", "/etc/t/t.yml:1:16",
     "not supported yet"},
    {"OtherStorage", "storage: {url: 'mysql:/x'}\n", "/etc/t/t.yml:1:16", "sqlite:PATH"},
    {"NotYaml", "global: {\n", "/etc/t/t.yml:1:9", "not closed"},
};

INSTANTIATE_TEST_SUITE_P(Config, FaultyConfig, ::testing::ValuesIn(kFaulty),
                         [](const auto& faulty) { return std::string(faulty.param.name); });

TEST(Config, TellsAllFaultsAtOnce) {
  const Loaded loaded = load_text("global: {a: 1}\nweb: {b: 2}\nstorage: {c: 3}\n");
  EXPECT_THAT(loaded.errors,
              ElementsAre(HasSubstr("t.yml:1:"), HasSubstr("t.yml:2:"), HasSubstr("t.yml:3:")));
}

TEST(Config, LoadsWithAWarningWhatIsOfNoConcern) {
  const Loaded loaded = load_text("storage: {tsdb: {}}\n");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("tsdb")));
}

TEST(Config, WarnsOnceOfAKeyThatTwoRoomsKnow) {
  const Loaded loaded = load_text("global: {scrape_failure_log_file: /x}\n");
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("scrape_failure_log_file")));
}

TEST(Config, GroupsWithoutAQueryOffsetHaveTheGlobalOne) {
  const testing::FakeFileSystem files{
      {"/t.yml", "global: {rule_query_offset: 30s}\nrule_files: [r.yml]\n" + std::string(kPeople)},
      {"/r.yml",
       "groups: [{name: a}, {name: b, query_offset: 5s}, {name: c, query_offset: 0s}]\n"}};
  const Loaded loaded = load("/t.yml", files);
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  ASSERT_EQ(loaded.config.groups.size(), 3U);
  EXPECT_EQ(loaded.config.groups[0].query_offset, std::chrono::seconds(30));
  EXPECT_EQ(loaded.config.groups[1].query_offset, std::chrono::seconds(5));
  EXPECT_EQ(loaded.config.groups[2].query_offset, std::chrono::seconds(0));
}

TEST(Config, KnowsItsSections) {
  const Loaded loaded = load_text("alertings: {}\n");
  ASSERT_EQ(loaded.errors.size(), 1U);
  for (const char* key : {"global", "scrape_config_files", "rule_files", "storage", "inhibit_rules",
                          "templates", "tracing"}) {
    EXPECT_TRUE(is_configuration_key(key)) << key;
  }
  EXPECT_FALSE(is_configuration_key("groups"));
}

TEST(Config, TakesTheLimitsOfStorage) {
  const Loaded loaded = load_text(
      "storage: {retention: 30d, retention_size: 10GB, memory: 512MB, max_series: 50000}\n");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.retention, std::chrono::hours(24 * 30));
  EXPECT_EQ(loaded.config.retention_size, std::uint64_t{10} << 30);
  EXPECT_EQ(loaded.config.series_memory, std::uint64_t{512} << 20);
  EXPECT_EQ(loaded.config.max_series, 50'000U);
}

TEST(Config, RefusesARetentionShorterThanRulesLookBack) {
  const Loaded loaded = load_text("storage: {retention: 1m, max_series: 3}\n");
  EXPECT_THAT(loaded.errors,
              ElementsAre(HasSubstr("must be 15m at least"), HasSubstr("max_series")));
}

TEST(Config, TakesEachRuleFileOnce) {
  const Loaded loaded = load_text("rule_files: [good.yml, /etc/t/good.yml]\n");
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.config.rule_count(), 2U);
}

// Alerts find their rules by it after a restart.
TEST(Config, ARuleFileIsTheSameHoweverItsPathIsSpelled) {
  const std::string text = std::string("rule_files: [./rules/a.yml]\n") + kPeople;
  for (const std::string folder : {"/etc/t/", "", "./", "t/", "/etc/u/../t/"}) {
    const testing::FakeFileSystem files{
        {folder + "t.yml", text},
        {base::resolve_path(base::parent_folder(folder + "t.yml"), "./rules/a.yml"), kGoodRules}};
    const Loaded loaded = load(folder + "t.yml", files);
    EXPECT_THAT(loaded.errors, IsEmpty()) << folder;
    ASSERT_FALSE(loaded.config.groups.empty()) << folder;
    EXPECT_EQ(loaded.config.groups[0].identity, "rules/a.yml") << folder;
  }
}

TEST(Config, QuarantinesABadGroupAloneWhenAsked) {
  const Loaded loaded =
      load_text("rule_files: [bad.yml]\n", {.quarantine_groups = true, .features = {}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  ASSERT_EQ(loaded.config.groups.size(), 1U);
  EXPECT_EQ(loaded.config.groups[0].name, "good");
  ASSERT_EQ(loaded.config.quarantined.size(), 1U);
  EXPECT_EQ(loaded.config.quarantined[0].name, "bad");
}

}  // namespace
}  // namespace tocsin::app
