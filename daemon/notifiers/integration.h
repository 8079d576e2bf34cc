#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "async/timers.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/file_system.h"
#include "net/http.h"
#include "notifiers/notifier.h"
#include "notifiers/text_renderer.h"

namespace tocsin::notifiers {

/// Writes one line to the daemon's log.
using LogSink = std::function<void(bool warning, std::string_view line)>;

/// What notifiers are made with. The references must outlive them.
struct Parts {
  net::HttpClient& http;
  const base::FileSystem& files;
  async::Timers& timers;
  const base::Clock& clock;
  const TextRenderer& renderer;
  boost::asio::any_io_executor executor;  ///< the main loop's
  LogSink log;
  std::string host_name = "localhost";  ///< in Message-ID of mails
  std::string version = "0";            ///< in User-Agent
  /// Of one delivery, for integrations that do not set a limit of their own.
  base::Duration delivery_timeout = std::chrono::seconds(10);
};

/// The decoded configuration of one entry of `<kind>_configs`. Immutable; used on the main loop.
class Integration {
 public:
  virtual ~Integration() = default;
  virtual bool send_resolved() const = 0;
  /// The notifier may refer to the integration, which outlives it.
  virtual std::unique_ptr<Notifier> make(const Parts& parts) const = 0;
};

}  // namespace tocsin::notifiers
