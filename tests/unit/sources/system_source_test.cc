#include "sources/system/system_source.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"
#include "support/simulation.h"
#include "system_samples.h"

namespace tocsin::sources::system {
namespace {

class NoMounts final : public MountProbe {
 public:
  async::Task<base::Result<MountFigures>> look(std::string path, base::MonotonicTime) override {
    co_return base::Error(base::ErrorCode::kNotFound, path);
  }
};

struct Fixture {
  testing::Simulation simulation;
  testing::FakeFileSystem files{{"/proc/loadavg", "1 2 3 1/2 3\n"},
                                {"/proc/stat", "cpu  1 2 3 4\nbtime 1700000000\n"},
                                {"/proc/sys/kernel/hostname", "web-1\n"},
                                {"/proc/sys/fs/file-nr", "1 0 2\n"}};

  Target target(const SystemConfig& config = {}) {
    return make_system_target(config, {files, simulation.clock(), std::make_shared<NoMounts>()});
  }
  Batch poll(const Target& target) {
    const PollContext context{simulation.clock().wall_now(),
                              simulation.clock().monotonic_now() + std::chrono::seconds(1)};
    return simulation.run(target.source->poll(context));
  }
};

TEST(SystemSource, KeepsWhatWorksAndSaysWhatDoesNot) {
  Fixture test;
  const Batch batch = test.poll(test.target());
  EXPECT_TRUE(batch.up);
  EXPECT_TRUE(batch.error.empty());
  const auto values = by_text(batch.samples);
  EXPECT_EQ(values.at("node_load5"), 2);
  EXPECT_EQ(values.at("node_time_seconds"), base::to_seconds(batch.started));
  EXPECT_EQ(values.at(R"(node_scrape_collector_success{collector="loadavg"})"), 1);
  EXPECT_EQ(values.at(R"(node_scrape_collector_success{collector="meminfo"})"), 0);
  EXPECT_EQ(batch.scraped, batch.samples.size());
}

TEST(SystemSource, IsDownWithoutAHost) {
  Fixture test;
  SystemConfig config;
  config.roots.procfs = "/nowhere";
  config.roots.sysfs = "/nowhere";
  const Batch batch = test.poll(test.target(config));
  EXPECT_FALSE(batch.up);
  EXPECT_NE(batch.error.find("/nowhere"), std::string::npos) << batch.error;
  EXPECT_TRUE(batch.samples.empty());
}

TEST(SystemSource, IsDownWithoutTheHostsProc) {
  Fixture test;
  test.files.write("/sys/class/net/eth0/operstate", "up\n");
  SystemConfig config;
  config.roots.procfs = "/nowhere";
  Batch batch = test.poll(test.target(config));
  EXPECT_FALSE(batch.up);
  EXPECT_NE(batch.error.find("/nowhere/"), std::string::npos) << batch.error;
  EXPECT_TRUE(batch.samples.empty());
  // Who reads neither wants what there is.
  config.disabled = {"stat", "meminfo"};
  batch = test.poll(test.target(config));
  EXPECT_TRUE(batch.up) << batch.error;
  config.disabled = {"meminfo"};
  batch = test.poll(test.target(config));
  EXPECT_FALSE(batch.up);
  EXPECT_TRUE(batch.error.starts_with("stat: ")) << batch.error;
}

TEST(SystemSource, LeavesOutDisabledCollectors) {
  Fixture test;
  SystemConfig config;
  config.disabled = {"loadavg", "time", "filesystem"};
  const auto values = by_text(test.poll(test.target(config)).samples);
  EXPECT_FALSE(values.contains("node_load1"));
  EXPECT_FALSE(values.contains("node_time_seconds"));
  EXPECT_FALSE(values.contains(R"(node_scrape_collector_success{collector="filesystem"})"));
  EXPECT_TRUE(values.contains("node_filefd_allocated"));
}

TEST(SystemSource, IsNamedAfterTheHost) {
  Fixture test;
  SystemConfig config;
  config.labels = {{"site", "seoul"}, {"job", "overridden"}};
  const Target target = test.target(config);
  EXPECT_EQ(target.spec.labels,
            (model::Labels{{"job", "node"}, {"instance", "web-1"}, {"site", "seoul"}}));
  EXPECT_EQ(target.spec.timeout, std::chrono::seconds(5));
  config.instance = "db";
  EXPECT_EQ(test.target(config).spec.labels.get("instance"), "db");
}

TEST(SystemSource, SharesLabelSetsBetweenPolls) {
  Fixture test;
  const Target target = test.target();
  const Batch first = test.poll(target);
  const Batch second = test.poll(target);
  ASSERT_EQ(first.samples.size(), second.samples.size());
  for (std::size_t i = 0; i < first.samples.size(); ++i) {
    EXPECT_EQ(first.samples[i].labels.all().data(), second.samples[i].labels.all().data());
  }
}

}  // namespace
}  // namespace tocsin::sources::system
