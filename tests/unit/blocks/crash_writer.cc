// Appends known samples as fast as it can and never ends by itself. Each batch has the next number
// as its value; the number is said once it is committed. With "shipped" it writes its log as often
// as a daemon does; else much more often, and it seals all the time.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>

#include "async/real_clock.h"
#include "async/real_timers.h"
#include "async/task_group.h"
#include "blocks/keeper.h"

namespace tocsin::blocks {
namespace {

constexpr int kSeries = 40;

struct Writer {
  async::RealClock clock;
  async::RealTimers timers;
  series::Store store{series::StoreOptions{}};
  std::unique_ptr<Keeper> keeper;

  async::Task<> run() {
    const auto opened = co_await keeper->open();
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
      _exit(1);
    }
    keeper->start();
    // Numbers go on where the last run ended.
    std::int64_t number = 0;
    std::int64_t time_ms = 0;
    const series::Selection all{{}, 0, base::to_millis(clock.wall_now()) + 1'000'000};
    const series::Snapshot before = store.snapshot({&all, 1});
    for (const series::PinnedSeries& series : before.series(0)) {
      const auto newest = series.samples->newest(all.min_time_ms, all.max_time_ms);
      number = std::max(number, newest ? static_cast<std::int64_t>(newest->value) : 0);
    }
    while (true) {
      ++number;
      // Two batches never share a millisecond: the second would be refused.
      time_ms = std::max(time_ms + 1, base::to_millis(clock.wall_now()));
      series::Appender appender = store.appender(1);
      for (int i = 0; i < kSeries; ++i) {
        // Some series come and go.
        const std::string name = i < kSeries / 2
                                     ? std::to_string(i)
                                     : std::to_string(i) + "-" + std::to_string(number / 300);
        const model::Labels labels{{"__name__", "m"}, {"i", name}};
        const auto done = appender.append(labels, {time_ms, static_cast<double>(number)});
        static_cast<void>(done);
      }
      appender.commit();
      const std::string line = std::to_string(number) + "\n";
      static_cast<void>(!write(1, line.data(), line.size()));
      const base::Status slept =
          co_await timers.sleep_until(clock.monotonic_now() + std::chrono::milliseconds(2));
      if (!slept) {
        co_return;
      }
    }
  }
};

}  // namespace
}  // namespace tocsin::blocks

int main(int argc, char** argv) {
  if (argc != 3) {
    return 2;
  }
  tocsin::blocks::KeeperOptions options{.path = argv[1]};
  if (std::string(argv[2]) != "shipped") {
    // Seals every few hundred milliseconds, so that kills hit every step of it.
    options.flush_every = std::chrono::milliseconds(20);
    options.seal_log_bytes = 30'000;
    options.slots_per_block = 16;
  }
  boost::asio::io_context context;
  tocsin::blocks::Writer writer;
  writer.keeper = std::make_unique<tocsin::blocks::Keeper>(
      tocsin::blocks::Keeper::Parts{context.get_executor(), writer.clock, writer.timers,
                                    writer.store},
      std::move(options), tocsin::blocks::KeeperHooks{});
  tocsin::async::TaskGroup tasks(context.get_executor(),
                                 [](const std::string&, const std::string&) { _exit(3); });
  tasks.spawn("write", writer.run());
  context.run();
  return 0;
}
