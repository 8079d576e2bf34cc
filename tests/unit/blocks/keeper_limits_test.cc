// What a full memory refuses.
#include <gtest/gtest.h>

#include "blocks/keeper.h"
#include "keeper_world.h"

namespace tocsin::blocks {
namespace {

class KeeperLimits : public KeeperWorld {};

TEST_F(KeeperLimits, AlertsOfRulesGoOnWhileMemoryIsShort) {
  options_.memory_bytes = 1;
  options_.min_window = options_.window;
  open();
  append(2);
  loop_.run(keeper_->bound_memory());
  ASSERT_TRUE(keeper_->stats().memory_short);
  series::Appender target = store_->appender(1);
  EXPECT_FALSE(target.append(labels(9), {clock_.now_ms, 1}));
  target.commit();
  series::Appender rules = store_->appender(0);
  EXPECT_TRUE(rules.put({{"__name__", "ALERTS"}, {"alertname", "A"}}, {clock_.now_ms, 1}));
  rules.commit();
  loop_.run(keeper_->bound_memory());
  series::Appender again = store_->appender(1);
  EXPECT_FALSE(again.append(labels(9), {clock_.now_ms, 1})) << "what rules made is no room";
}

}  // namespace
}  // namespace tocsin::blocks
