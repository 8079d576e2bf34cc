#include "app/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::app {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, AreThereBeforeTheFirstEvent) {
  const std::string page = Metrics().page();
  for (const char* reason : {"duplicate", "out_of_order", "out_of_bounds", "series_limit"}) {
    EXPECT_THAT(
        page, HasSubstr("tocsin_series_refused_total{reason=\"" + std::string(reason) + "\"} 0\n"));
  }
  for (const char* outcome : {"taken", "partial", "refused"}) {
    const std::string end = ",outcome=\"" + std::string(outcome) + "\"} 0\n";
    EXPECT_THAT(page, HasSubstr("tocsin_sources_pushes_total{kind=\"push\"" + end));
    EXPECT_THAT(page, HasSubstr("tocsin_sources_pushes_total{kind=\"remote_write\"" + end));
  }
  EXPECT_THAT(page, HasSubstr("tocsin_incidents_events_total{event=\"opened\"} 0\n"));
}

}  // namespace
}  // namespace tocsin::app
