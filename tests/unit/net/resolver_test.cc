#include "net/resolver.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "async/deadline.h"
#include "support/real_loop.h"

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Name servers that answer, fail or hang as they are told. Used from the lookups' threads.
class NameServers {
 public:
  ~NameServers() { answer_all(); }

  void set(const std::string& host, const std::string& ip) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(host, std::vector<Address>{{.ip = ip, .port = 0, .unix_path = ""}});
  }
  void fail(const std::string& host, ErrorCode code) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(host, Error(code, "resolve " + host));
  }
  void hang(const std::string& host) {
    const std::lock_guard lock(mutex_);
    hanging_.insert(host);
  }
  void answer_all() {
    const std::lock_guard lock(mutex_);
    hanging_.clear();
    changed_.notify_all();
  }
  int lookups(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return lookups_[host];
  }
  int total() {
    const std::lock_guard lock(mutex_);
    int sum = 0;
    for (const auto& [host, count] : lookups_) {
      sum += count;
    }
    return sum;
  }
  /// How many lookups hang now; waits until it is at least this many.
  std::size_t wait_for_hanging(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(10), [&] { return now_hanging_ >= count; });
    return now_hanging_;
  }

  base::Result<std::vector<Address>> look_up(const std::string& host) {
    std::unique_lock lock(mutex_);
    ++lookups_[host];
    ++now_hanging_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !hanging_.contains(host); });
    --now_hanging_;
    const auto found = answers_.find(host);
    return found == answers_.end() ? Error(ErrorCode::kNotFound, "resolve " + host) : found->second;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, base::Result<std::vector<Address>>> answers_;
  std::set<std::string> hanging_;
  std::map<std::string, int> lookups_;
  std::size_t now_hanging_ = 0;
};

class ResolverTest : public ::testing::Test {
 protected:
  using Answer = base::Result<std::vector<Address>>;

  /// Always looks up again, and waits for a short time only.
  ResolverOptions impatient() {
    ResolverOptions options;
    options.fresh = milliseconds(0);
    options.patience = milliseconds(20);
    return options;
  }
  void open(ResolverOptions options) {
    options.lookup = [servers = servers_](const std::string& host) {
      return servers->look_up(host);
    };
    resolver_ = std::make_unique<Resolver>(loop_.executor(), loop_.clock(), loop_.timers(),
                                           std::move(options));
  }
  /// "ip:port" or the error's name.
  std::string resolve(const std::string& host, milliseconds limit = seconds(10)) {
    auto work = resolver_->resolve(host, 80, loop_.in(limit));
    return describe(
        loop_.run(async::with_deadline(loop_.timers(), loop_.in(limit), std::move(work))));
  }
  static std::string describe(const Answer& answer) {
    return answer ? answer->at(0).to_string() : std::string(base::to_string(answer.error().code()));
  }
  static async::Task<> keep(Resolver& resolver, std::string host, base::MonotonicTime deadline,
                            std::vector<std::string>& out) {
    const Answer answer = co_await resolver.resolve(std::move(host), 80, deadline);
    out.push_back(describe(answer));
  }
  /// One more caller, who waits beside the test.
  void join(const std::string& host) {
    loop_.tasks().spawn("join", keep(*resolver_, host, loop_.in(seconds(60)), joined_));
  }
  void TearDown() override {
    servers_->answer_all();
    loop_.stop();
    resolver_.reset();
  }

  testing::RealLoop loop_;
  std::shared_ptr<NameServers> servers_ = std::make_shared<NameServers>();
  std::unique_ptr<Resolver> resolver_;
  std::vector<std::string> joined_;
};

TEST_F(ResolverTest, LiteralsNeedNoLookup) {
  open({});
  for (const char* host : {"127.0.0.1", "::1", "fe80::1%lo", "unix:/run/x.sock"}) {
    EXPECT_NE(resolve(host), "not_found") << host;
  }
  EXPECT_EQ(servers_->total(), 0);
}

TEST_F(ResolverTest, AHangingNameTakesOneThreadHoweverOftenItIsAsked) {
  ResolverOptions options;
  options.threads = 2;
  open(options);
  servers_->hang("hang.test");
  servers_->set("good.test", "10.0.0.1");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(resolve("hang.test", milliseconds(10)), "timeout");
  }
  EXPECT_EQ(resolve("good.test"), "10.0.0.1:80");
  EXPECT_EQ(servers_->lookups("hang.test"), 1);
}

TEST_F(ResolverTest, ALookupOutlivesWhoAskedAndAnswersWhoJoined) {
  open({});
  servers_->hang("slow.test");
  servers_->set("slow.test", "10.0.0.1");
  EXPECT_EQ(resolve("slow.test", milliseconds(10)), "timeout");
  join("slow.test");
  join("SLOW.test");
  EXPECT_EQ(resolve("slow.test", milliseconds(10)), "timeout") << "leaves the others alone";
  servers_->answer_all();
  EXPECT_EQ(resolve("slow.test"), "10.0.0.1:80");
  EXPECT_EQ(joined_, (std::vector<std::string>{"10.0.0.1:80", "10.0.0.1:80"}));
  EXPECT_EQ(servers_->total(), 1);
}

TEST_F(ResolverTest, AnAnswerIsUsedAgainWhileItIsFresh) {
  open({});
  servers_->set("a.test", "10.0.0.1");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  servers_->set("a.test", "10.0.0.2");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  EXPECT_EQ(servers_->lookups("a.test"), 1);
  open(impatient());
  EXPECT_EQ(resolve("a.test"), "10.0.0.2:80");
  servers_->set("a.test", "10.0.0.3");
  EXPECT_EQ(resolve("a.test"), "10.0.0.3:80") << "changes are followed";
  EXPECT_EQ(resolver_->stand_ins(), 0U);
}

TEST_F(ResolverTest, TheLastAnswerStandsInForALookupThatHangs) {
  open(impatient());
  servers_->set("a.test", "10.0.0.1");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  servers_->hang("a.test");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  EXPECT_EQ(resolve("a.test", milliseconds(1)), "10.0.0.1:80") << "at once";
  EXPECT_EQ(resolver_->stand_ins(), 2U);
  EXPECT_EQ(servers_->lookups("a.test"), 2);
  servers_->set("a.test", "10.0.0.2");
  servers_->answer_all();
  join("a.test");
  while (resolve("a.test") != "10.0.0.2:80") {
  }
}

TEST_F(ResolverTest, TheLastAnswerStandsInForALookupThatFails) {
  open(impatient());
  servers_->set("a.test", "10.0.0.1");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  servers_->fail("a.test", ErrorCode::kUnavailable);
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  EXPECT_EQ(resolver_->stand_ins(), 1U);
  servers_->fail("a.test", ErrorCode::kNotFound);
  EXPECT_EQ(resolve("a.test"), "not_found");
  servers_->fail("a.test", ErrorCode::kUnavailable);
  EXPECT_EQ(resolve("a.test"), "unavailable") << "the name is gone, and so is its answer";
  EXPECT_EQ(resolver_->stand_ins(), 1U);
}

TEST_F(ResolverTest, AnOldAnswerStandsInNoMore) {
  ResolverOptions options = impatient();
  options.usable = milliseconds(0);
  open(options);
  servers_->set("a.test", "10.0.0.1");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  servers_->fail("a.test", ErrorCode::kUnavailable);
  EXPECT_EQ(resolve("a.test"), "unavailable");
  servers_->hang("a.test");
  EXPECT_EQ(resolve("a.test", milliseconds(30)), "timeout");
}

TEST_F(ResolverTest, ManySlowNamesLeaveThreadsToTheOthers) {
  ResolverOptions options = impatient();
  options.threads = 4;
  options.slow_threads = 2;
  options.slow = milliseconds(0);
  open(options);
  servers_->set("good.test", "10.0.0.1");
  std::vector<std::string> hosts;
  for (int i = 0; i < 6; ++i) {
    hosts.push_back("slow" + std::to_string(i) + ".test");
    servers_->fail(hosts.back(), ErrorCode::kUnavailable);
    EXPECT_EQ(resolve(hosts.back()), "unavailable");
    servers_->hang(hosts.back());
  }
  for (const std::string& host : hosts) {
    join(host);
  }
  EXPECT_EQ(resolve("good.test"), "10.0.0.1:80");
  EXPECT_EQ(servers_->wait_for_hanging(2), 2U);
  EXPECT_EQ(servers_->total(), 6 + 2 + 1);
  servers_->answer_all();
  for (const std::string& host : hosts) {
    EXPECT_EQ(resolve(host), "unavailable");
  }
  EXPECT_EQ(joined_.size(), 6U) << "each had its turn";
}

TEST_F(ResolverTest, RemembersABoundedNumberOfNames) {
  ResolverOptions options;
  options.max_names = 2;
  open(options);
  for (const char* host : {"a.test", "b.test", "c.test"}) {
    servers_->set(host, "10.0.0.1");
    EXPECT_EQ(resolve(host), "10.0.0.1:80");
  }
  EXPECT_EQ(resolve("c.test"), "10.0.0.1:80");
  EXPECT_EQ(resolve("a.test"), "10.0.0.1:80");
  EXPECT_EQ(servers_->lookups("a.test"), 2) << "it was forgotten";
  EXPECT_EQ(servers_->lookups("c.test"), 1);
  servers_->hang("x.test");
  servers_->hang("y.test");
  join("x.test");
  join("y.test");
  EXPECT_EQ(resolve("c.test"), "unavailable") << "all that are known are being looked up";
}

}  // namespace
}  // namespace tocsin::net
