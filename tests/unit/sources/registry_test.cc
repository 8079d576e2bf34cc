#include "sources/registry.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"
#include "support/simulation.h"

namespace tocsin::sources {
namespace {

class NoHttp final : public net::HttpClient {
 public:
  async::Task<base::Result<net::HttpResponse>> send(net::HttpRequest /*request*/,
                                                    base::MonotonicTime /*deadline*/) override {
    co_return base::Error(base::ErrorCode::kUnavailable, "no network");
  }
};

struct Loaded {
  std::vector<std::unique_ptr<SourceConfig>> sources;
  std::string errors;
};

Loaded load(const std::string& text) {
  Registry registry;
  EXPECT_TRUE(add_built_in_sources(registry));
  registry.freeze();
  Loaded loaded;
  yaml::Problems problems;
  const auto document = yaml::Document::parse(text, "tocsin.yml");
  if (document) {
    loaded.sources = registry.decode(document->root(), {}, {}, problems);
  } else {
    problems.add(document.error());
  }
  for (const base::Error& error : problems.errors()) {
    loaded.errors += error.to_string() + "\n";
  }
  return loaded;
}

TEST(Registry, TakesEachNameOnceUntilItIsFrozen) {
  Registry registry;
  EXPECT_TRUE(add_built_in_sources(registry));
  EXPECT_EQ(add_built_in_sources(registry).error().code(), base::ErrorCode::kAlreadyExists);
  registry.freeze();
  EXPECT_EQ(registry.add("late", {}).error().code(), base::ErrorCode::kDenied);
  EXPECT_EQ(registry.names(), std::vector<std::string>{"system"});
}

TEST(Registry, DecodesTheSystemSource) {
  for (const char* text :
       {"- system: {interval: 2s, labels: {site: x}}", "- system:", "- system"}) {
    const Loaded loaded = load(text);
    EXPECT_EQ(loaded.errors, "") << text;
    EXPECT_EQ(loaded.sources.size(), 1U) << text;
  }
  testing::Simulation simulation;
  const testing::FakeFileSystem files{{"/proc/sys/kernel/hostname", "web-1\n"}};
  NoHttp http;
  const Runtime runtime{simulation.executor(), simulation.clock(), simulation.timers(), files,
                        http};
  const auto targets = load("- system: {interval: 2s}").sources.at(0)->make_targets(runtime);
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].spec.interval, std::chrono::seconds(2));
  EXPECT_EQ(targets[0].spec.timeout, std::chrono::seconds(2));
  EXPECT_EQ(targets[0].spec.labels.get("instance"), "web-1");
}

TEST(Registry, RefusesWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: b", "expected a list"},
      {"- sistem: {}", "unknown kind"},
      {"- {system: {}, other: {}}", "one kind"},
      {"- [system]", "one kind"},
      {"- system\n- system: {}", "there twice"},
      {"- system: {intervall: 5s}", "intervall"},
      {"- system: {interval: 0s}", "more than nothing"},
      {"- system: {interval: 5s, timeout: 6s}", "longer than"},
      {"- system: {job: ''}", "empty"},
      {"- system: {labels: {'a-b': c}}", "label name"},
      {"- system: {disk_exclude: '(x'}", "regular expression"},
      {"- system: {disabled_collectors: [cpus]}", "unknown collector"},
  };
  for (const auto& [text, expected] : cases) {
    const Loaded loaded = load(text);
    EXPECT_NE(loaded.errors.find(expected), std::string::npos) << text << ": " << loaded.errors;
  }
}

}  // namespace
}  // namespace tocsin::sources
