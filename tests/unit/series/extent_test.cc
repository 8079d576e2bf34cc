#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "series/store.h"

namespace tocsin::series {
namespace {

const model::Labels kUp{{"__name__", "up"}, {"job", "api"}};

TEST(Extent, TellsHowFarSamplesReachWithoutReadingThem) {
  Store store({});
  const auto extent = [&store] {
    const Selection everything{
        {}, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    const Snapshot snapshot = store.snapshot({&everything, 1});
    return snapshot.series(0).empty() ? Extent() : snapshot.series(0)[0].samples->extent();
  };
  EXPECT_EQ(extent().chunks, 0U);
  const auto add = [&store](std::int64_t time_ms) {
    Appender appender = store.appender(1);
    ASSERT_TRUE(appender.append(kUp, {time_ms, 1}));
    appender.commit();
  };
  add(1000);
  EXPECT_EQ(extent().chunks, 1U);
  EXPECT_EQ(extent().oldest_ms, 1000);
  EXPECT_EQ(extent().newest_ms, 1000);
  for (int i = 2; i <= 1000; ++i) {
    add(i * 1000);
  }
  EXPECT_GT(extent().chunks, 2U);
  EXPECT_LT(extent().chunks, 200U);
  EXPECT_EQ(extent().oldest_ms, 1000);
  EXPECT_EQ(extent().newest_ms, 1'000'000);

  const std::size_t of_floats = extent().chunks;
  Appender appender = store.appender(1);
  ASSERT_TRUE(appender.append(kUp, {1'001'000, std::make_shared<const model::Histogram>(), 0}));
  appender.commit();
  EXPECT_EQ(extent().chunks, of_floats + 1);
  EXPECT_EQ(extent().newest_ms, 1'001'000);
  store.shift_times(base::Duration(500));
  EXPECT_EQ(extent().oldest_ms, 1500);
  EXPECT_EQ(extent().newest_ms, 1'001'500);
}

}  // namespace
}  // namespace tocsin::series
