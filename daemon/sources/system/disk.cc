#include <re2/re2.h>

#include <array>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

// https://docs.kernel.org/admin-guide/iostats.html: a sector is 512 bytes whatever the device
// has, times are milliseconds.
constexpr double kSector = 512;
constexpr double kMillisecond = 0.001;

struct Column {
  std::string_view metric;
  double unit;
};

// From the fourth field of a line on. Kernels before 4.18 stop at the eleventh, before 5.5 at the
// fifteenth.
constexpr std::array<Column, 17> kColumns = {{
    {"node_disk_reads_completed_total", 1},
    {"node_disk_reads_merged_total", 1},
    {"node_disk_read_bytes_total", kSector},
    {"node_disk_read_time_seconds_total", kMillisecond},
    {"node_disk_writes_completed_total", 1},
    {"node_disk_writes_merged_total", 1},
    {"node_disk_written_bytes_total", kSector},
    {"node_disk_write_time_seconds_total", kMillisecond},
    {"node_disk_io_now", 1},
    {"node_disk_io_time_seconds_total", kMillisecond},
    {"node_disk_io_time_weighted_seconds_total", kMillisecond},
    {"node_disk_discards_completed_total", 1},
    {"node_disk_discards_merged_total", 1},
    {"node_disk_discarded_sectors_total", 1},
    {"node_disk_discard_time_seconds_total", kMillisecond},
    {"node_disk_flush_requests_total", 1},
    {"node_disk_flush_requests_time_seconds_total", kMillisecond},
}};
constexpr std::size_t kMinColumns = 11;

class DiskCollector final : public Collector {
 public:
  explicit DiskCollector(const std::string& exclude) : exclude_(exclude) {}
  std::string_view name() const override { return "diskstats"; }

  base::Status collect(const Host& host, Output& out) override {
    const auto text = host.read_proc("diskstats");
    if (!text) {
      return text.error();
    }
    base::Status status;
    for_each_line(*text, [&](std::string_view line) {
      const auto fields = fields_of(line);
      if (!status || fields.empty()) {
        return;
      }
      if (fields.size() < 3 + kMinColumns) {
        status = malformed("diskstats", "eleven figures per device");
      } else if (!RE2::PartialMatch(fields[2], exclude_)) {
        status = emit(fields, out);
      }
    });
    return status;
  }

 private:
  static base::Status emit(const std::vector<std::string_view>& fields, Output& out) {
    for (std::size_t i = 0; i < kColumns.size() && i + 3 < fields.size(); ++i) {
      const auto value = parse_figure(fields[i + 3]);
      if (!value) {
        return malformed("diskstats", "a number");
      }
      out.add(kColumns[i].metric, {{"device", fields[2]}}, *value * kColumns[i].unit);
    }
    return {};
  }

  RE2 exclude_;
};

}  // namespace

std::unique_ptr<Collector> make_disk_collector(const std::string& exclude) {
  return std::make_unique<DiskCollector>(exclude);
}

}  // namespace tocsin::sources::system
