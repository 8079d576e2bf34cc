#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "notifiers/registry.h"

namespace tocsin::notifiers::plugin {

/// `plugin_configs` (extension): hands notices to a shared library, see include/tocsin/plugin.h.
struct Config {
  bool send_resolved = true;
  std::string path;            ///< of the library; relative to the configuration file
  boost::json::object config;  ///< `config:`, passed on as JSON
  base::Duration timeout = std::chrono::seconds(30);  ///< of one delivery
};

class Plugin final : public Integration {
 public:
  explicit Plugin(Config config) : config_(std::move(config)) {}

  bool send_resolved() const override { return config_.send_resolved; }
  /// The library is loaded by the first delivery, on a thread of its own.
  std::unique_ptr<Notifier> make(const Parts& parts) const override;

  const Config& config() const { return config_; }

 private:
  Config config_;
};

/// Reads the outcome that a plugin returned; what is no outcome may pass.
Outcome read_outcome(std::string_view json);

Config decode(yaml::MappingReader& reader, DecodeContext& context);
Backend backend();

/// What a library says about itself, for `tocsin plugin list` and `check`.
struct Info {
  std::string name;
  std::string version;
  bool notifier = false;
};

/// Loads a library and asks it. Blocks and runs its code.
base::Result<Info> inspect(const std::string& path);

}  // namespace tocsin::notifiers::plugin
