// What a million series take: memory after so many polls, the time of a poll's log and of a seal,
// and the time until a restart has everything back.
//
//   series_memory fill FILE [SERIES [POLLS]]   writes FILE and measures
//   series_memory restart FILE                 opens FILE, as a start does, and measures
//
// Times are of the wall, and of the process' threads together in brackets.
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "async/real_clock.h"
#include "async/real_file_system.h"
#include "async/real_timers.h"
#include "async/task_group.h"
#include "base/random.h"
#include "base/text.h"
#include "blocks/keeper.h"

namespace tocsin::blocks {
namespace {

constexpr int kPerTarget = 10'000;

struct Bench {
  boost::asio::io_context context;
  async::RealClock clock;
  async::RealTimers timers;
  async::RealFileSystem files;
  series::Store store{series::StoreOptions{}};
  std::unique_ptr<Keeper> keeper;
  base::SeededRandom random{7};

  double seconds(base::MonotonicTime since) const {
    return std::chrono::duration<double>(clock.monotonic_now() - since).count();
  }

  static double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

  double resident_mib() const {
    const auto status = files.read_file("/proc/self/status", 1 << 20);
    const std::size_t at = status ? status->find("VmRSS:") : std::string::npos;
    return at == std::string::npos ? 0 : std::strtod(status->c_str() + at + 6, nullptr) / 1024;
  }

  static model::Labels labels(int i) {
    return {{"__name__", i % 2 == 0 ? "http_requests_total" : "http_request_seconds_sum"},
            {"job", "shop"},
            {"instance", "10.0." + std::to_string(i / kPerTarget) + ".1:8080"},
            {"service", "service-" + std::to_string(i / 1000 % 50)},
            {"shard", std::to_string(i / 200 % 20)},
            {"route", "/api/v1/r" + std::to_string(i / 2 % 100)},
            {"code", "200"}};
  }

  void report(const char* what, int series) const {
    const series::StoreStats stats = store.stats();
    const double count = series;
    std::printf("%s: RSS %.0f MiB, %.0f bytes a series; store's own estimate %.0f\n", what,
                resident_mib(), resident_mib() * 1048576 / count,
                static_cast<double>(stats.bytes) / count);
    std::fflush(stdout);
  }

  async::Task<> fill(int series, int polls) {
    const auto opened = co_await keeper->open();
    if (!opened) {
      std::printf("%s\n", opened.error().to_string().c_str());
      co_return;
    }
    report("empty", series);
    std::vector<series::RefSample> samples(static_cast<std::size_t>(series));
    std::vector<series::Refusal> refused;
    std::int64_t time_ms = base::to_millis(clock.wall_now()) - polls * 15'000LL;
    double append_seconds = 0;
    for (int poll = 0; poll < polls; ++poll, time_ms += 15'000) {
      for (int from = 0; from < series; from += kPerTarget) {
        const int to = std::min(series, from + kPerTarget);
        for (int i = from; i < to; ++i) {
          model::Sample& sample = samples[static_cast<std::size_t>(i)].sample;
          sample.time_ms = time_ms + from / 100;
          sample.value += i % 10 == 0 ? 0 : static_cast<double>(random.below(200));
        }
        const base::MonotonicTime begun = clock.monotonic_now();
        series::Appender appender = store.appender(1);
        if (poll == 0) {
          for (int i = from; i < to; ++i) {
            auto& one = samples[static_cast<std::size_t>(i)];
            const model::Labels names = labels(i);
            const auto done = appender.append(names, one.sample);
            one.ref = done ? appender.find(names).value_or(0) : 0;
          }
        } else {
          const auto first = static_cast<std::size_t>(from);
          appender.append_all({samples.data() + first, static_cast<std::size_t>(to - from)},
                              refused);
        }
        appender.commit();
        append_seconds += poll > 0 ? seconds(begun) : 0;
      }
      const base::MonotonicTime begun = clock.monotonic_now();
      const base::Status flushed = co_await keeper->flush();
      if (poll == polls - 1) {
        std::printf("log of one poll: %.2f s%s\n", seconds(begun), flushed ? "" : " (failed)");
      }
      if (poll == 0) {
        report("after the first poll", series);
      }
    }
    report("after the last poll", series);
    std::printf("append and commit: %.0f ns a sample\n",
                append_seconds * 1e9 / series / std::max(1, polls - 1));
    const std::uint64_t log_bytes = keeper->stats().log_bytes;
    const base::MonotonicTime begun = clock.monotonic_now();
    const double cpu_begun = cpu_seconds();
    const base::Status sealed = co_await keeper->seal();
    const double seal_seconds = seconds(begun);
    const double seal_cpu = cpu_seconds() - cpu_begun;
    const KeeperStats stats = keeper->stats();
    std::printf(
        "seal: %.2f s [%.2f]%s, %.0f MiB in %d blocks (%.2f bytes a sample); log %.0f MiB\n",
        seal_seconds, seal_cpu, sealed ? "" : " (failed)",
        static_cast<double>(stats.block_bytes) / 1048576, static_cast<int>(stats.blocks),
        static_cast<double>(stats.block_bytes) / series / polls,
        static_cast<double>(log_bytes) / 1048576);
    report("after the seal", series);
    // So that a restart reads as much log as there can be.
    while (keeper->stats().log_bytes < KeeperOptions().seal_log_bytes) {
      time_ms += 15'000;
      for (auto& one : samples) {
        one.sample.time_ms = time_ms;
        one.sample.value += static_cast<double>(random.below(200));
      }
      series::Appender appender = store.appender(1);
      appender.append_all(samples, refused);
      appender.commit();
      const base::Status flushed = co_await keeper->flush();
      static_cast<void>(flushed);
    }
    const base::Status stopped =
        co_await keeper->stop(clock.monotonic_now() + std::chrono::seconds(30));
    static_cast<void>(stopped);
  }

  async::Task<> restart() {
    const base::MonotonicTime begun = clock.monotonic_now();
    const auto opened = co_await keeper->open();
    if (!opened) {
      std::printf("%s\n", opened.error().to_string().c_str());
      co_return;
    }
    std::printf("restart: %.2f s [%.2f] for %d series, %d samples, %d blocks, %d rows of log\n",
                seconds(begun), cpu_seconds(), static_cast<int>(opened->series),
                static_cast<int>(opened->samples), static_cast<int>(opened->blocks_read),
                static_cast<int>(opened->log_rows));
    report("after the restart", static_cast<int>(opened->series));
    const base::Status stopped =
        co_await keeper->stop(clock.monotonic_now() + std::chrono::seconds(30));
    static_cast<void>(stopped);
  }
};

}  // namespace
}  // namespace tocsin::blocks

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: series_memory fill|restart FILE [SERIES [POLLS]]\n");
    return 2;
  }
  const int series = argc > 3 ? std::atoi(argv[3]) : 1'000'000;
  const int polls = argc > 4 ? std::atoi(argv[4]) : 40;
  tocsin::blocks::Bench bench;
  bench.keeper = std::make_unique<tocsin::blocks::Keeper>(
      tocsin::blocks::Keeper::Parts{bench.context.get_executor(), bench.clock, bench.timers,
                                    bench.store},
      tocsin::blocks::KeeperOptions{.path = argv[2]}, tocsin::blocks::KeeperHooks{});
  tocsin::async::TaskGroup tasks(bench.context.get_executor(),
                                 [](const std::string& task, const std::string& what) {
                                   std::fprintf(stderr, "%s: %s\n", task.c_str(), what.c_str());
                                 });
  tasks.spawn("bench",
              std::string(argv[1]) == "fill" ? bench.fill(series, polls) : bench.restart());
  bench.context.run();
  return 0;
}
