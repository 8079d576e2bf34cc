#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "async/real_clock.h"
#include "async/real_environment.h"
#include "async/real_file_system.h"
#include "async/real_random.h"
#include "async/real_timers.h"
#include "async/task_group.h"

namespace tocsin::async {
namespace {

using std::chrono::milliseconds;

class RealFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string folder_;
  RealFileSystem files_;
};

base::ErrorCode code_of(const base::Result<std::string>& result) {
  return result ? base::ErrorCode::kInternal : result.error().code();
}

TEST_F(RealFiles, ReadsWholeFilesUpToALimit) {
  const std::string big(100'000, 'x');
  const std::string path = write("big", big);
  EXPECT_EQ(files_.read_file(path, big.size()).value(), big);
  EXPECT_EQ(code_of(files_.read_file(path, big.size() - 1)), base::ErrorCode::kLimitExceeded);
  EXPECT_GT(files_.read_file("/proc/self/stat", 1 << 20).value().size(), 10U);
}

TEST_F(RealFiles, SaysWhyItCannotRead) {
  EXPECT_EQ(code_of(files_.read_file(folder_ + "/none", 10)), base::ErrorCode::kNotFound);
  EXPECT_EQ(code_of(files_.read_file(folder_, 10)), base::ErrorCode::kInvalidInput);
  EXPECT_EQ(code_of(files_.read_link(folder_)), base::ErrorCode::kInvalidInput);
  EXPECT_FALSE(files_.list_folder(folder_ + "/none"));
  if (::geteuid() != 0) {
    const std::string path = write("closed", "x");
    ::chmod(path.c_str(), 0);
    EXPECT_EQ(code_of(files_.read_file(path, 10)), base::ErrorCode::kDenied);
  }
}

TEST_F(RealFiles, AFifoDoesNotHang) {
  const std::string path = folder_ + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(files_.read_file(path, 10).value(), "");
}

TEST_F(RealFiles, ListsAndGlobsInOrder) {
  write("b.yml", "");
  write("a.yml", "");
  write("c.txt", "");
  write(".d.yml", "");
  using Names = std::vector<std::string>;
  EXPECT_EQ(files_.list_folder(folder_).value(), (Names{".d.yml", "a.yml", "b.yml", "c.txt"}));
  EXPECT_EQ(files_.glob(folder_ + "/*.yml").value(),
            (Names{folder_ + "/a.yml", folder_ + "/b.yml"}));
  EXPECT_EQ(files_.glob(folder_ + "/c.txt").value(), (Names{folder_ + "/c.txt"}));
  EXPECT_EQ(files_.glob(folder_ + "/none").value(), Names{});
  EXPECT_TRUE(files_.exists(folder_ + "/a.yml"));
  EXPECT_FALSE(files_.exists(folder_ + "/none"));
}

TEST_F(RealFiles, ReadsLinks) {
  std::filesystem::create_symlink("target", folder_ + "/link");
  EXPECT_EQ(files_.read_link(folder_ + "/link").value(), "target");
}

TEST(RealEnvironment, ReadsWhatIsSet) {
  const RealEnvironment environment;
  EXPECT_TRUE(environment.get("PATH").has_value());
  EXPECT_FALSE(environment.get("TOCSIN_SURELY_NOT_SET").has_value());
}

TEST(RealRandom, DoesNotRepeat) {
  RealRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) {
    seen.insert(random.next());
  }
  EXPECT_EQ(seen.size(), 100U);
}

Task<> sleep_and_log(Timers& timers, base::MonotonicTime when, std::vector<std::string>& log,
                     std::string name) {
  const base::Status slept = co_await timers.sleep_until(when);
  log.push_back(name + (slept ? "" : " cancelled"));
}

TEST(RealTimers, WakeInOrderOfTheirDeadlines) {
  boost::asio::io_context context;
  const RealClock clock;
  RealTimers timers;
  std::vector<std::string> log;
  TaskGroup group(context.get_executor(), {});
  const base::MonotonicTime start = clock.monotonic_now();
  group.spawn("late", sleep_and_log(timers, start + milliseconds(20), log, "late"));
  group.spawn("soon", sleep_and_log(timers, start + milliseconds(5), log, "soon"));
  group.spawn("past", sleep_and_log(timers, start - milliseconds(5), log, "past"));
  context.run();
  EXPECT_EQ(log, (std::vector<std::string>{"past", "soon", "late"}));
  EXPECT_GE(clock.monotonic_now(), start + milliseconds(20));
}

TEST(RealTimers, CancellationIsAnOutcome) {
  boost::asio::io_context context;
  const RealClock clock;
  RealTimers timers;
  std::vector<std::string> log;
  TaskGroup group(context.get_executor(), {});
  group.spawn("sleeper",
              sleep_and_log(timers, clock.monotonic_now() + std::chrono::hours(1), log, "sleeper"));
  context.poll();
  group.cancel();
  context.run();
  EXPECT_EQ(log, (std::vector<std::string>{"sleeper cancelled"}));
}

TEST(RealClock, KnowsTheDate) {
  const RealClock clock;
  EXPECT_GT(clock.wall_now(), base::from_millis(1'700'000'000'000));
}

}  // namespace
}  // namespace tocsin::async
