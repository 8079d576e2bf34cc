#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration.h"

namespace tocsin::app {

/// Talks to the service manager that started this process; does nothing when there is none.
/// https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
class ServiceManager {
 public:
  virtual ~ServiceManager() = default;
  virtual void ready(std::string_view status) = 0;
  virtual void reloading(base::MonotonicTime now) = 0;
  virtual void stopping() = 0;
  virtual void status(std::string_view text) = 0;
  /// Call only when the loop turns, the journal answers and no due evaluation is late.
  virtual void alive() = 0;
  /// How often alive() is expected at the least; nothing when nobody watches.
  virtual std::optional<base::Duration> watchdog_interval() const = 0;
};

/// The one behind NOTIFY_SOCKET and WATCHDOG_USEC.
class Systemd final : public ServiceManager {
 public:
  void ready(std::string_view status) override;
  void reloading(base::MonotonicTime now) override;
  void stopping() override;
  void status(std::string_view text) override;
  void alive() override;
  std::optional<base::Duration> watchdog_interval() const override;
};

}  // namespace tocsin::app
