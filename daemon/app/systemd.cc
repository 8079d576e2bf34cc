#include "app/systemd.h"

#include <systemd/sd-daemon.h>

#include <algorithm>

namespace tocsin::app {
namespace {

void send(const std::string& state) { sd_notify(0, state.c_str()); }

// A status is one line.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace

void Systemd::ready(std::string_view status) { send("READY=1\nSTATUS=" + one_line(status)); }

void Systemd::reloading(base::MonotonicTime now) {
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void Systemd::stopping() { send("STOPPING=1"); }

void Systemd::status(std::string_view text) { send("STATUS=" + one_line(text)); }

void Systemd::alive() { send("WATCHDOG=1"); }

std::optional<base::Duration> Systemd::watchdog_interval() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) {
    return std::nullopt;
  }
  return std::chrono::duration_cast<base::Duration>(std::chrono::microseconds(microseconds));
}

}  // namespace tocsin::app
