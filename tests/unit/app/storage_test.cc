#include "app/storage.h"

#include <gtest/gtest.h>

namespace tocsin::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TEST(Storage, SamplesLieBesideTheJournal) {
  EXPECT_EQ(series_path("sqlite:/var/lib/tocsin/tocsin.db"), "/var/lib/tocsin/tocsin-series.db");
  EXPECT_EQ(series_path("sqlite:state"), "state-series.db");
  EXPECT_EQ(series_path("sqlite::memory:"), "") << "then samples are in memory too";
}

TEST(Storage, MemoryHoldsWhatRulesRead) {
  const Config config;
  const auto window = [&config](base::Duration reach) {
    return keeper_options(config, "sqlite:/t.db", reach).window;
  };
  EXPECT_EQ(window(minutes(5)), minutes(15));
  EXPECT_EQ(window(hours(1)), hours(1));
  EXPECT_EQ(window(hours(24 * 7)), hours(2)) << "what is older is read of blocks";
}

TEST(Storage, TakesItsLimitsFromTheConfiguration) {
  Config config;
  config.retention = hours(48);
  config.retention_size = 1000;
  config.series_memory = 2000;
  config.max_series = 3000;
  const blocks::KeeperOptions options = keeper_options(config, "sqlite:/t.db", hours(1));
  EXPECT_EQ(options.path, "/t-series.db");
  EXPECT_EQ(options.retention, hours(48));
  EXPECT_EQ(options.retention_bytes, 1000U);
  EXPECT_EQ(options.memory_bytes, 2000U);
  EXPECT_EQ(options.max_series, 3000U);
}

}  // namespace
}  // namespace tocsin::app
