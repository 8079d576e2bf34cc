#include "notifiers/plugin/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/fake_file_system.h"
#include "support/real_loop.h"
#include "support/temporary_folder.h"
#include "unit/notifiers/support.h"

namespace tocsin::notifiers::plugin {
namespace {

using ::testing::HasSubstr;
using testing::sample_notice;

class PluginTest : public ::testing::Test {
 protected:
  Parts parts() {
    return {http_,
            files_,
            loop_.timers(),
            loop_.clock(),
            renderer_,
            loop_.executor(),
            [this](bool, std::string_view line) { log_ += line; }};
  }

  Outcome deliver(Notifier& notifier) {
    return loop_.run(notifier.deliver(sample_notice(), loop_.in(std::chrono::seconds(20))));
  }

  Outcome deliver_with(const std::string& path, boost::json::object config) {
    Config made;
    made.path = path;
    made.config = std::move(config);
    const Plugin integration(std::move(made));
    const auto notifier = integration.make(parts());
    return deliver(*notifier);
  }

  static std::string broken(const std::string& fault) {
    return TOCSIN_BINARY_DIR "/tests/plugins/broken_" + fault + ".so";
  }

  testing::RealLoop loop_;
  testing::FakeHttpClient http_;
  testing::FakeFileSystem files_;
  testing::FakeRenderer renderer_;
  std::string log_;
};

void execute(const std::string& command) {
  ASSERT_EQ(std::system((command + " > /dev/null").c_str()), 0) << command;  // NOLINT
}

/// What a plugin author does: installs the SDK, builds against it, configures the daemon.
TEST_F(PluginTest, IsBuiltFromTheInstalledPackageAndGetsANotice) {
  const testing::TemporaryFolder folder;
  const std::string cmake = TOCSIN_CMAKE;
  const std::string source = TOCSIN_SOURCE_DIR "/tests/integration/plugin/example";
  execute(cmake + " --install " TOCSIN_BINARY_DIR " --component sdk --prefix " + folder.path() +
          "/prefix");
  execute(cmake + " -S " + source + " -B " + folder.path() +
          "/build -DCMAKE_PREFIX_PATH=" + folder.path() +
          "/prefix -DCMAKE_CXX_COMPILER=" TOCSIN_CXX
          " -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Werror'");
  execute(cmake + " --build " + folder.path() + "/build");
  if (HasFatalFailure()) {
    return;
  }
  const std::string library = folder.path() + "/build/spool.so";
  const auto info = inspect(library);
  ASSERT_TRUE(info) << info.error().to_string();
  EXPECT_EQ(info->name, "spool");
  EXPECT_EQ(info->version, "1.0.0");
  EXPECT_TRUE(info->notifier);

  const Outcome refused_config = deliver_with(library, {});
  EXPECT_EQ(refused_config.kind, OutcomeKind::kRefused);
  EXPECT_THAT(refused_config.reason, HasSubstr("needs \"path\""));

  const std::string spool = folder.path() + "/notices";
  const Outcome outcome = deliver_with(library, {{"path", spool}});
  EXPECT_EQ(outcome.kind, OutcomeKind::kDelivered) << outcome.reason;
  std::ifstream file(spool);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  const auto notice = boost::json::parse(line);
  EXPECT_EQ(notice.at("version"), "4");
  EXPECT_EQ(notice.at("tocsin").at("id"), "n-1");
  EXPECT_THAT(log_, HasSubstr("plugin spool: spooled a notice"));

  const Outcome unwritable = deliver_with(library, {{"path", "/does/not/exist"}});
  EXPECT_EQ(unwritable.kind, OutcomeKind::kRetry);
}

TEST_F(PluginTest, FaultyLibrariesAreRefusedWithTheReason) {
  EXPECT_THAT(inspect(broken("wrong_abi")).error().message(), HasSubstr("interface 2"));
  EXPECT_THAT(inspect(broken("no_entry")).error().message(), HasSubstr("does not export"));
  EXPECT_THAT(inspect(broken("no_plugin")).error().message(), HasSubstr("cannot work here"));
  EXPECT_THAT(inspect(broken("short")).error().message(), HasSubstr("incomplete"));
  EXPECT_EQ(inspect("/does/not/exist.so").error().code(), base::ErrorCode::kNotFound);
  EXPECT_EQ(inspect(TOCSIN_SOURCE_DIR "/LICENSE").error().code(), base::ErrorCode::kCorrupt);
}

TEST_F(PluginTest, FaultsAreFoundWhenTheConfigurationIsRead) {
  const auto problems = [](const std::string& fault) {
    const std::string path = broken(fault);
    return testing::decode_config(
               "receivers: [{name: a, plugin_configs: [{path: '" + path + "'}]}]",
               testing::FakeFileSystem{{path, ""}})
        .problems;
  };
  EXPECT_THAT(problems("wrong_abi"), ::testing::ElementsAre(::testing::AllOf(
                                         HasSubstr("tocsin.yml:1:"), HasSubstr("interface 2"))));
  EXPECT_THAT(problems("no_entry"), ::testing::ElementsAre(HasSubstr("does not export")));
  EXPECT_THAT(problems("choosy"), ::testing::ElementsAre(::testing::AllOf(
                                      HasSubstr("config: "), HasSubstr("needs a key"))));
  EXPECT_THAT(problems("throws"), ::testing::IsEmpty());
}

TEST_F(PluginTest, AFileIsMeantAlsoWithoutASlash) {
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(TOCSIN_BINARY_DIR "/tests/plugins");
  const auto info = inspect("broken_throws.so");
  std::filesystem::current_path(before);
  EXPECT_TRUE(info) << info.error().message();
}

TEST_F(PluginTest, FaultyDeliveriesMayPass) {
  for (const char* fault : {"throws", "endless", "nothing"}) {
    const Outcome outcome = deliver_with(broken(fault), {});
    EXPECT_EQ(outcome.kind, OutcomeKind::kRetry) << fault;
    EXPECT_THAT(outcome.reason, HasSubstr("the plugin")) << fault;
  }
}

TEST_F(PluginTest, AHangingPluginCostsOnlyItself) {
  Config config;
  config.path = broken("hangs");
  config.timeout = std::chrono::milliseconds(50);
  const Plugin integration(std::move(config));
  const auto notifier = integration.make(parts());
  EXPECT_EQ(deliver(*notifier).kind, OutcomeKind::kRetry);
  EXPECT_THAT(deliver(*notifier).reason, HasSubstr("has not returned"));
}

TEST(PluginOutcome, IsReadStrictly) {
  EXPECT_EQ(read_outcome(R"({"outcome":"delivered"})").kind, OutcomeKind::kDelivered);
  EXPECT_EQ(read_outcome(R"({"outcome":"refused","reason":"no"})").reason, "no");
  const Outcome later = read_outcome(R"({"outcome":"retry","reason":"r","retry_after_ms":1500})");
  EXPECT_EQ(later.kind, OutcomeKind::kRetry);
  EXPECT_EQ(later.retry_after, base::Duration(1500));
  for (const char* text : {"", "[]", "{", "{}", R"({"outcome":1})", R"({"outcome":"maybe"})"}) {
    EXPECT_EQ(read_outcome(text).reason, "the plugin returned no outcome") << text;
  }
}

}  // namespace
}  // namespace tocsin::notifiers::plugin
