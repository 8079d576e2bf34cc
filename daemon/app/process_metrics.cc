#include "app/process_metrics.h"

#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace tocsin::app {
namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;

double number(std::string_view text) { return base::parse_number(text).value_or(0); }

// The fields of /proc/self/stat behind the command's name, which may hold blanks: proc(5).
std::vector<std::string_view> stat_fields(std::string_view stat) {
  const auto close = stat.rfind(')');
  return close == std::string_view::npos ? std::vector<std::string_view>()
                                         : base::split(base::trim(stat.substr(close + 1)), ' ');
}

std::optional<double> boot_time(std::string_view stat) {
  for (const std::string_view line : base::split(stat, '\n')) {
    if (line.starts_with("btime ")) {
      return number(base::trim(line.substr(6)));
    }
  }
  return std::nullopt;
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics, const base::FileSystem& files)
    : metrics_(metrics), files_(files) {}

void ProcessMetrics::refresh() {
  // Field numbers count from the state, the third field of proc(5).
  constexpr std::size_t kUserTime = 11;
  constexpr std::size_t kSystemTime = 12;
  constexpr std::size_t kThreads = 17;
  constexpr std::size_t kStartTime = 19;
  constexpr std::size_t kResidentPages = 21;
  const auto stat = files_.read_file("/proc/self/stat", kMaxBytes);
  if (!stat) {
    return;
  }
  const auto fields = stat_fields(*stat);
  if (fields.size() <= kResidentPages) {
    return;
  }
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double cpu = (number(fields[kUserTime]) + number(fields[kSystemTime])) / ticks;
  metrics_.process_cpu_seconds_total.Increment(std::max(0.0, cpu - cpu_seconds_));
  cpu_seconds_ = cpu;
  threads_ = static_cast<std::size_t>(number(fields[kThreads]));
  metrics_.process_resident_memory_bytes.Set(number(fields[kResidentPages]) *
                                             static_cast<double>(::sysconf(_SC_PAGESIZE)));
  if (metrics_.process_start_time_seconds.Value() == 0) {
    if (const auto system = files_.read_file("/proc/stat", 1U << 20)) {
      metrics_.process_start_time_seconds.Set(boot_time(*system).value_or(0) +
                                              number(fields[kStartTime]) / ticks);
    }
  }
}

}  // namespace tocsin::app
