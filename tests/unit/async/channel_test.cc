#include "async/channel.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "async/task_group.h"
#include "support/simulation.h"

namespace tocsin::async {
namespace {

using testing::Simulation;

Task<> produce(Channel<int>& channel, int count, std::vector<std::string>& log) {
  for (int i = 0; i < count; ++i) {
    const base::Status pushed = co_await channel.push(i);
    log.push_back(pushed ? "pushed " + std::to_string(i)
                         : std::string(base::to_string(pushed.error().code())));
  }
}

Task<> consume(Channel<int>& channel, std::vector<std::string>& log) {
  while (true) {
    const base::Result<int> value = co_await channel.pop();
    if (!value) {
      log.emplace_back(base::to_string(value.error().code()));
      co_return;
    }
    log.push_back("popped " + std::to_string(*value));
  }
}

TEST(Channel, DropsAndCountsWhatDoesNotFit) {
  Simulation simulation;
  Channel<int> channel(simulation.executor(), 2);
  EXPECT_TRUE(channel.try_push(1));
  EXPECT_TRUE(channel.try_push(2));
  EXPECT_FALSE(channel.try_push(3));
  EXPECT_EQ(channel.dropped(), 1U);
  EXPECT_EQ(channel.size(), 2U);
}

TEST(Channel, PushWaitsForRoom) {
  Simulation simulation;
  Channel<int> channel(simulation.executor(), 1);
  std::vector<std::string> log;
  simulation.spawn(produce(channel, 3, log));
  simulation.settle();
  EXPECT_EQ(log, (std::vector<std::string>{"pushed 0"}));
  simulation.spawn(consume(channel, log));
  simulation.settle();
  EXPECT_EQ(channel.size(), 0U);
  channel.close();
  simulation.settle();
  EXPECT_EQ(log.back(), "cancelled");
  EXPECT_EQ(log.size(), 7U);
}

TEST(Channel, GivesWhatIsQueuedAfterClose) {
  Simulation simulation;
  Channel<int> channel(simulation.executor(), 4);
  channel.try_push(1);
  channel.try_push(2);
  channel.close();
  EXPECT_FALSE(channel.try_push(3));
  std::vector<std::string> log;
  simulation.spawn(consume(channel, log));
  simulation.settle();
  EXPECT_EQ(log, (std::vector<std::string>{"popped 1", "popped 2", "cancelled"}));
}

TEST(Channel, CancellationWakesWhoWaits) {
  Simulation simulation;
  Channel<int> empty(simulation.executor(), 1);
  Channel<int> full(simulation.executor(), 1);
  full.try_push(0);
  std::vector<std::string> log;
  TaskGroup group(simulation.executor(), {});
  group.spawn("consumer", consume(empty, log));
  group.spawn("producer", produce(full, 1, log));
  simulation.settle();
  EXPECT_EQ(group.size(), 2U);
  group.cancel();
  simulation.settle();
  EXPECT_EQ(log, (std::vector<std::string>{"cancelled", "cancelled"}));
  EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace tocsin::async
