#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <tocsin/plugin.h>

#include "base/duration.h"
#include "base/result.h"
#include "notifiers/integration.h"

namespace tocsin::notifiers::plugin {

/// A loaded plugin library. Libraries stay loaded for the life of the process, because their
/// threads and destructors may outlive any use. Everything here blocks and runs foreign code.
class Library {
 public:
  /// kNotFound or kCorrupt when the file cannot be loaded or is no plugin, kUnsupported when it was
  /// built for another version of the interface.
  static base::Result<std::shared_ptr<const Library>> load(const std::string& path);

  std::string_view name() const { return plugin_->name; }
  std::string_view version() const { return plugin_->version; }
  bool has_notifier() const { return notifier_ != nullptr; }

 private:
  friend class Instance;
  Library() = default;
  base::Status check(const std::string& path) const;

  const tocsin_plugin* plugin_ = nullptr;
  const tocsin_notifier_functions* notifier_ = nullptr;
};

/// One notifier of a plugin. Calls must not overlap.
class Instance {
 public:
  /// kInvalidInput with the plugin's own words when it refuses `config`, a JSON object.
  static base::Result<std::unique_ptr<Instance>> create(std::shared_ptr<const Library> library,
                                                        const std::string& config, LogSink log,
                                                        std::string version);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// The outcome as the plugin wrote it; kCorrupt when it returned none or an endless one.
  base::Result<std::string> deliver(const std::string& notice, base::Duration time_limit);

 private:
  Instance(std::shared_ptr<const Library> library, LogSink log, std::string version);
  static void write_log(void* context, int level, const char* text, std::size_t size);
  base::Result<std::string> take(char* text) const;

  std::shared_ptr<const Library> library_;
  LogSink log_;
  std::string version_;
  tocsin_host host_{};
  void* notifier_ = nullptr;
};

}  // namespace tocsin::notifiers::plugin
