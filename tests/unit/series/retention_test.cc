#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "series/store.h"

namespace tocsin::series {
namespace {

TEST(Retention, IsAppliedFromTheStart) {
  Store store({.retention = std::chrono::seconds(10)});
  store.begin(base::from_millis(20'000));
  const model::Labels up{{"__name__", "up"}};
  Appender appender = store.appender(1);
  for (const std::int64_t time_ms :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-5}, std::int64_t{9'999}}) {
    EXPECT_EQ(*appender.append(up, {time_ms, 1}), AppendOutcome::kTooOld) << time_ms;
  }
  EXPECT_EQ(*appender.append(up, {10'000, 1}), AppendOutcome::kStored);
  const CommitResult result = appender.commit();
  EXPECT_EQ(result.refused, 3U);
  EXPECT_EQ(result.stored, 1U);
}

TEST(Retention, CountsInShiftedTimesAtTheStart) {
  Store store({.retention = std::chrono::seconds(10)});
  store.shift_times(-std::chrono::hours(1));
  store.begin(base::from_millis(20'000));
  Appender appender = store.appender(1);
  const model::Labels up{{"__name__", "up"}};
  EXPECT_EQ(*appender.append(up, {9'999, 1}), AppendOutcome::kTooOld);
  EXPECT_EQ(*appender.append(up, {10'000, 1}), AppendOutcome::kStored);
  appender.commit();
}

}  // namespace
}  // namespace tocsin::series
