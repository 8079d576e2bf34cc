#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

// Figures of /proc/stat are in ticks of USER_HZ, which is 100 on every Linux architecture that
// Debian has. https://docs.kernel.org/filesystems/proc.html
constexpr double kTicksPerSecond = 100;

constexpr std::size_t kFigures = 10;
// In the order of the file; the last two are part of user and nice.
constexpr std::array<std::string_view, 8> kModes = {"user",   "nice", "system",  "idle",
                                                    "iowait", "irq",  "softirq", "steal"};
constexpr std::size_t kIdle = 3;
constexpr std::size_t kGuest = 8;
constexpr std::size_t kGuestNice = 9;

// An idle time that falls by more is a CPU that was taken out and put back: it counts from zero.
constexpr double kHotplugSeconds = 3;

using Times = std::array<double, kFigures>;

std::optional<Times> times_of(const std::vector<std::string_view>& fields) {
  Times times{};
  // Old kernels leave the last columns out.
  for (std::size_t i = 1; i < fields.size() && i <= kFigures; ++i) {
    const auto ticks = parse_figure(fields[i]);
    if (!ticks) {
      return std::nullopt;
    }
    times[i - 1] = *ticks / kTicksPerSecond;
  }
  return fields.size() > kIdle + 1 ? std::optional(times) : std::nullopt;
}

class CpuCollector final : public Collector {
 public:
  std::string_view name() const override { return "cpu"; }

  base::Status collect(const Host& host, Output& out) override {
    const auto text = host.read_proc("stat");
    if (!text) {
      return text.error();
    }
    base::Status status;
    for_each_line(*text, [&](std::string_view line) {
      // "cpu " is the sum of all; "cpu0" and so on follow.
      if (!line.starts_with("cpu") || line.starts_with("cpu ") || !status) {
        return;
      }
      const auto fields = fields_of(line);
      const auto times = times_of(fields);
      if (!times) {
        status = malformed("stat", "ticks of a CPU");
        return;
      }
      emit(fields[0].substr(3), *times, out);
    });
    return status;
  }

 private:
  void emit(std::string_view cpu, const Times& now, Output& out) {
    auto found = highest_.find(cpu);
    if (found == highest_.end()) {
      found = highest_.emplace(cpu, Times{}).first;
    }
    Times& times = found->second;
    if (times[kIdle] - now[kIdle] >= kHotplugSeconds) {
      times = Times{};
    }
    for (std::size_t i = 0; i < kFigures; ++i) {
      times[i] = std::max(times[i], now[i]);
    }
    for (std::size_t i = 0; i < kModes.size(); ++i) {
      out.add("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", kModes[i]}}, times[i]);
    }
    out.add("node_cpu_guest_seconds_total", {{"cpu", cpu}, {"mode", "user"}}, times[kGuest]);
    out.add("node_cpu_guest_seconds_total", {{"cpu", cpu}, {"mode", "nice"}}, times[kGuestNice]);
  }

  std::map<std::string, Times, std::less<>> highest_;
};

}  // namespace

std::unique_ptr<Collector> make_cpu_collector() { return std::make_unique<CpuCollector>(); }

}  // namespace tocsin::sources::system
