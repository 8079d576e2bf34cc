// The recorded host of node_exporter's own end-to-end test has to give the page that node_exporter
// made of it, for the names that both export.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "async/real_file_system.h"
#include "base/text.h"
#include "sources/system/system_source.h"
#include "support/conformance.h"
#include "support/simulation.h"

namespace tocsin::sources::system {
namespace {

class NoMounts final : public MountProbe {
 public:
  async::Task<base::Result<MountFigures>> look(std::string path, base::MonotonicTime) override {
    co_return base::Error(base::ErrorCode::kNotFound, path);
  }
};

using Page = std::map<std::string, double>;

/// As the page writes them: name{a="1",b="2"}. Values of the fixture need no escapes.
std::string text_of(const model::Labels& labels) {
  std::string text(labels.metric_name());
  std::string inner;
  for (const model::Label& label : labels) {
    if (label.name.view() != model::kMetricName) {
      inner += inner.empty() ? "" : ",";
      inner += std::string(label.name.view()) + "=\"" + std::string(label.value.view()) + "\"";
    }
  }
  return inner.empty() ? text : text + "{" + inner + "}";
}

std::string name_of(const std::string& series) { return series.substr(0, series.find('{')); }

Page recorded_page(const std::string& text) {
  Page page;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    const auto blank = line.rfind(' ');
    const auto value = base::parse_number(std::string_view(line).substr(blank + 1));
    if (!line.starts_with('#') && blank != std::string::npos && value) {
      page[line.substr(0, blank)] = *value;
    }
  }
  return page;
}

/// What cannot be the same, and why.
bool is_excluded(const std::string& series) {
  static const std::map<std::string, std::string> kNames = {
      {"node_network_info", "the page is of a later version, with a label adminstate"},
      {"node_network_speed_bytes", "the page was made with invalid speeds left out"},
      {"node_scrape_collector_success", "about our own run, not the host"},
      {"node_scrape_collector_duration_seconds", "about our own run, not the host"},
  };
  static const std::map<std::string, std::string> kParts = {
      {"device=\"eth0\"", "a symbolic link that the recording lacks"},
      {"device=\"dmz\"", "ignored on the command line that made the page"},
      {"device=\"int\"", "ignored on the command line that made the page"},
  };
  if (kNames.contains(name_of(series))) {
    return true;
  }
  for (const auto& [part, reason] : kParts) {
    if (series.find(part) != std::string::npos && series.starts_with("node_network_")) {
      return true;
    }
  }
  return false;
}

TEST(NodeExporter, RecordedHostGivesTheRecordedPage) {
  const auto folder = testing::conformance_dir();
  if (!folder) {
    GTEST_SKIP() << "no conformance data";
  }
  const Page expected =
      recorded_page(testing::read_file(*folder + "/node_exporter/e2e-output.txt"));
  ASSERT_GT(expected.size(), 1000U);

  testing::Simulation simulation;
  const async::RealFileSystem files;
  SystemConfig config;
  config.roots = {.procfs = *folder + "/node_exporter/proc",
                  .sysfs = *folder + "/node_exporter/sys",
                  .rootfs = "/"};
  // The page was made with this choice of devices, which knows zram.
  config.collectors.disk_exclude = R"(^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)";
  config.instance = "recorded";
  const Target target =
      make_system_target(config, {files, simulation.clock(), std::make_shared<NoMounts>()});
  const PollContext context{simulation.clock().wall_now(),
                            simulation.clock().monotonic_now() + std::chrono::seconds(10)};
  const Batch batch = simulation.run(target.source->poll(context));
  ASSERT_TRUE(batch.up) << batch.error;

  Page ours;
  std::set<std::string> names;
  for (const RawSample& sample : batch.samples) {
    const std::string series = text_of(sample.labels);
    ours[series] = sample.value;
    names.insert(name_of(series));
  }
  std::size_t compared = 0;
  std::set<std::string> shared;
  for (const auto& [series, value] : expected) {
    if (!names.contains(name_of(series)) || is_excluded(series)) {
      continue;
    }
    ++compared;
    shared.insert(name_of(series));
    const auto found = ours.find(series);
    ASSERT_NE(found, ours.end()) << "missing " << series;
    EXPECT_EQ(found->second, value) << series;
  }
  for (const auto& [series, value] : ours) {
    if (shared.contains(name_of(series)) && !is_excluded(series)) {
      EXPECT_TRUE(expected.contains(series)) << "not on the page: " << series;
    }
  }
  EXPECT_GT(compared, 400U);
  EXPECT_GT(shared.size(), 130U);
}

}  // namespace
}  // namespace tocsin::sources::system
