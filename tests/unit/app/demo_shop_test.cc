#include "app/demo_shop.h"

#include <gtest/gtest.h>

namespace tocsin::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr DemoShop::Script kScript{
    .healthy = seconds(10), .failing = seconds(20), .failures_per_second = 3};

TEST(DemoShop, FailsFromItsHealthyTimeOnAndThenRecovers) {
  const DemoShop shop(kScript);
  EXPECT_EQ(shop.failures(seconds(0)), 0);
  EXPECT_EQ(shop.failures(seconds(10)), 0);
  EXPECT_EQ(shop.failures(milliseconds(11'500)), 4.5);
  EXPECT_EQ(shop.failures(seconds(30)), 60);
  EXPECT_EQ(shop.failures(seconds(3600)), 60);
}

double value_of(const std::string& page, const std::string& name) {
  const auto at = page.find("\n" + name + "{");
  return at == std::string::npos ? -1 : std::stod(page.substr(page.find("} ", at) + 2));
}

TEST(DemoShop, CountersOnlyGrow) {
  const DemoShop shop(kScript);
  for (const char* name : {"partner_calls_total", "partner_call_failures_total", "orders_total",
                           "store_detail_entries_total"}) {
    double last = 0;
    for (int second = 0; second < 60; ++second) {
      const double value = value_of(shop.page(seconds(second)), name);
      EXPECT_GE(value, last) << name << " after " << second << " s";
      last = value;
    }
    EXPECT_GT(last, 0) << name;
  }
}

TEST(DemoShop, FailuresAreAmongTheCalls) {
  const DemoShop shop(kScript);
  const std::string page = shop.page(seconds(40));
  EXPECT_EQ(value_of(page, "partner_call_failures_total"), 60);
  EXPECT_EQ(value_of(page, "partner_calls_total"), value_of(page, "orders_total") + 60);
}

}  // namespace
}  // namespace tocsin::app
