#include "app/storage.h"

#include <algorithm>
#include <string_view>

#include "app/log.h"

namespace tocsin::app {
namespace {

constexpr base::Duration kMinWindow = std::chrono::minutes(15);
constexpr base::Duration kMaxWindow = std::chrono::hours(2);

prometheus::Gauge& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry()).Add({});
}

prometheus::Counter& counter(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(metrics.registry()).Add({});
}

void set(prometheus::Gauge& gauge, std::uint64_t value) { gauge.Set(static_cast<double>(value)); }

void raise(prometheus::Counter& counter, std::uint64_t value) {
  counter.Increment(static_cast<double>(value) - counter.Value());
}

}  // namespace

std::string series_path(const std::string& storage_url) {
  constexpr std::string_view kScheme = "sqlite:";
  constexpr std::string_view kEnding = ".db";
  std::string path = storage_url;
  if (path.starts_with(kScheme)) {
    path.erase(0, kScheme.size());
  }
  if (path == ":memory:") {
    return {};
  }
  if (path.ends_with(kEnding)) {
    path.resize(path.size() - kEnding.size());
  }
  return path + "-series.db";
}

blocks::KeeperOptions keeper_options(const Config& config, const std::string& storage_url,
                                     base::Duration reach) {
  blocks::KeeperOptions options;
  options.path = series_path(storage_url);
  options.window = std::clamp(reach, kMinWindow, std::min(kMaxWindow, config.retention));
  options.min_window = std::min(options.min_window, options.window);
  options.retention = config.retention;
  options.retention_bytes = config.retention_size;
  options.memory_bytes = config.series_memory;
  options.max_series = config.max_series;
  return options;
}

blocks::KeeperHooks keeper_hooks() {
  return {.warn = [](const std::string& message,
                     const std::string& detail) { log_warning(message, {{"detail", detail}}); },
          .error = [](const std::string& message,
                      const std::string& detail) { log_error(message, {{"detail", detail}}); }};
}

StorageMetrics::StorageMetrics(Metrics& metrics)
    : blocks_(gauge(metrics, "tocsin_blocks_stored", "Sealed blocks of samples on disk")),
      block_bytes_(gauge(metrics, "tocsin_blocks_stored_bytes", "Bytes of sealed blocks on disk")),
      log_bytes_(gauge(metrics, "tocsin_blocks_log_bytes", "Bytes logged since the last seal")),
      cache_bytes_(gauge(metrics, "tocsin_blocks_cache_bytes",
                         "Memory of what was read of blocks and is at hand")),
      window_seconds_(gauge(metrics, "tocsin_series_window_seconds",
                            "How far back samples are held in memory at present")),
      writable_(gauge(metrics, "tocsin_blocks_writable", "Whether samples can be written to disk")),
      memory_short_(gauge(metrics, "tocsin_series_memory_short",
                          "1 while storage.memory cuts the window or refuses new series")),
      restore_seconds_(gauge(metrics, "tocsin_blocks_restore_seconds",
                             "How long the start took to read samples back")),
      sealed_(counter(metrics, "tocsin_blocks_sealed_total", "Blocks written")),
      dropped_(counter(metrics, "tocsin_blocks_dropped_total", "Blocks that retention dropped")),
      read_(counter(metrics, "tocsin_blocks_read_total", "Blocks read for questions and starts")),
      damaged_(counter(metrics, "tocsin_blocks_damaged_total",
                       "Blocks and rows of the log that were damaged and set aside")),
      failures_(
          counter(metrics, "tocsin_blocks_write_failures_total", "Writes that the disk refused")),
      given_up_(counter(metrics, "tocsin_blocks_given_up_samples_total",
                        "Samples that were not logged because the disk refused for too long")),
      unsealed_(counter(metrics, "tocsin_series_unsealed_dropped_total",
                        "Samples that left memory before the disk took them")) {}

void StorageMetrics::refresh(const blocks::KeeperStats& stats) {
  set(blocks_, stats.blocks);
  set(block_bytes_, stats.block_bytes);
  set(log_bytes_, stats.log_bytes);
  set(cache_bytes_, stats.history_bytes);
  window_seconds_.Set(std::chrono::duration<double>(stats.window).count());
  writable_.Set(stats.writable ? 1 : 0);
  memory_short_.Set(stats.memory_short ? 1 : 0);
  raise(sealed_, stats.sealed_blocks_total);
  raise(dropped_, stats.dropped_blocks_total);
  raise(read_, stats.read_blocks_total);
  raise(damaged_, stats.damaged_total);
  raise(failures_, stats.write_failures_total);
  raise(given_up_, stats.given_up_samples_total);
  raise(unsealed_, stats.unsealed_dropped_total);
}

void StorageMetrics::restored(const blocks::RestoreReport& report, double seconds) {
  restore_seconds_.Set(seconds);
  if (report.moved_aside) {
    log_error("the file of samples was damaged and moved aside; a new one was begun", {});
  }
  if (report.damaged_blocks + report.damaged_log_rows > 0) {
    log_error("damaged samples were set aside",
              {{"blocks", std::to_string(report.damaged_blocks)},
               {"log_rows", std::to_string(report.damaged_log_rows)},
               {"samples_without_series", std::to_string(report.unknown_samples)}});
  }
  if (report.shifted != base::Duration{0}) {
    log_warning("the clock was set back since samples were stored; they move with it",
                {{"by", base::format_duration(-report.shifted)}});
  }
  if (report.series > 0) {
    log_info("samples are back", {{"series", std::to_string(report.series)},
                                  {"samples", std::to_string(report.samples)},
                                  {"blocks", std::to_string(report.blocks_read)},
                                  {"log_rows", std::to_string(report.log_rows)}});
  }
}

}  // namespace tocsin::app
