#include "async/event.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "support/simulation.h"

namespace tocsin::async {
namespace {

using testing::Simulation;

/// How a wait ended: "woken" or the name of the error; empty while it lasts.
Task<> log_end(Task<base::Status> waiting, std::string& end) {
  const base::Status ended = co_await std::move(waiting);
  end = ended ? "woken" : std::string(base::to_string(ended.error().code()));
}

class EventTest : public ::testing::Test {
 protected:
  void start_to_wait() {
    simulation_.spawn(log_end(event_->wait(), end_));
    simulation_.settle();
    EXPECT_EQ(end_, "");
  }

  Simulation simulation_;
  std::optional<Event> event_ = Event(simulation_.executor());
  std::string end_;
};

TEST_F(EventTest, WakesWhoWaits) {
  start_to_wait();
  event_->notify();
  simulation_.settle();
  EXPECT_EQ(end_, "woken");
}

TEST_F(EventTest, ItsEndCancelsWhoWaits) {
  start_to_wait();
  event_.reset();
  simulation_.settle();
  EXPECT_EQ(end_, "cancelled");
}

TEST_F(EventTest, ToBeReplacedIsAnEnd) {
  start_to_wait();
  *event_ = Event(simulation_.executor());
  simulation_.settle();
  EXPECT_EQ(end_, "cancelled");
}

TEST_F(EventTest, WhoBeginsToWaitAfterItsEndIsCancelledAtOnce) {
  Task<base::Status> waiting = event_->wait();
  event_.reset();
  simulation_.spawn(log_end(std::move(waiting), end_));
  simulation_.settle();
  EXPECT_EQ(end_, "cancelled");
}

}  // namespace
}  // namespace tocsin::async
