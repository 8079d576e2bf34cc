#include "notifiers/plugin/library.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "notifiers/outcome.h"

namespace tocsin::notifiers::plugin {
namespace {

constexpr std::size_t kMaxTextBytes = 64 * 1024;

// Where a structure that ends with this pointer, or goes on after it, has to reach at least.
constexpr std::size_t end_of(std::size_t offset_of_pointer) {
  return offset_of_pointer + sizeof(void*);
}

base::Error not_a_plugin(const std::string& path, std::string_view why) {
  return {base::ErrorCode::kCorrupt, path + " is no usable plugin: " + std::string(why)};
}

base::Error load_failure(const std::string& path) {
  const char* reason = dlerror();
  const std::string text = reason == nullptr ? "unknown reason" : reason;
  if (text.find("No such file") != std::string::npos) {
    return {base::ErrorCode::kNotFound, text};
  }
  return not_a_plugin(path, text);
}

}  // namespace

base::Result<std::shared_ptr<const Library>> Library::load(const std::string& path) {
  // Without a slash the search path of libraries would be meant.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return load_failure(path);
  }
  const auto entry =
      reinterpret_cast<tocsin_plugin_entry_function>(dlsym(handle, TOCSIN_PLUGIN_ENTRY));
  if (entry == nullptr) {
    return not_a_plugin(path, "it does not export " TOCSIN_PLUGIN_ENTRY);
  }
  std::shared_ptr<Library> library(new Library);
  try {
    library->plugin_ = entry();
  } catch (...) {
    return not_a_plugin(path, "its entry threw an exception");
  }
  base::Status checked = library->check(path);
  if (!checked) {
    return checked.error();
  }
  library->notifier_ = library->plugin_->notifier;
  return std::shared_ptr<const Library>(std::move(library));
}

base::Status Library::check(const std::string& path) const {
  if (plugin_ == nullptr) {
    return not_a_plugin(path, "it says that it cannot work here");
  }
  if (plugin_->abi != TOCSIN_PLUGIN_ABI) {
    return base::Error(base::ErrorCode::kUnsupported,
                       path + " was built for plugin interface " + std::to_string(plugin_->abi) +
                           ", this daemon has " + std::to_string(TOCSIN_PLUGIN_ABI));
  }
  if (plugin_->size < end_of(offsetof(tocsin_plugin, notifier)) || plugin_->name == nullptr ||
      plugin_->version == nullptr || plugin_->release == nullptr) {
    return not_a_plugin(path, "its description is incomplete");
  }
  const tocsin_notifier_functions* notifier = plugin_->notifier;
  if (notifier != nullptr &&
      (notifier->size < end_of(offsetof(tocsin_notifier_functions, destroy)) ||
       notifier->create == nullptr || notifier->deliver == nullptr ||
       notifier->destroy == nullptr)) {
    return not_a_plugin(path, "its notifier lacks functions");
  }
  return {};
}

Instance::Instance(std::shared_ptr<const Library> library, LogSink log, std::string version)
    : library_(std::move(library)), log_(std::move(log)), version_(std::move(version)) {
  host_ = {sizeof(tocsin_host), version_.c_str(), this, &Instance::write_log};
}

Instance::~Instance() {
  if (notifier_ == nullptr) {
    return;
  }
  try {
    library_->notifier_->destroy(notifier_);
  } catch (...) {
    write_log(this, TOCSIN_LOG_WARNING, "threw from destroy", 18);
  }
}

void Instance::write_log(void* context, int level, const char* text, std::size_t size) {
  const auto& self = *static_cast<const Instance*>(context);
  if (self.log_) {
    const std::string line = "plugin " + std::string(self.library_->name()) + ": " +
                             first_line(std::string_view(text, size));
    self.log_(level >= TOCSIN_LOG_WARNING, line);
  }
}

base::Result<std::string> Instance::take(char* text) const {
  if (text == nullptr) {
    return base::Error(base::ErrorCode::kCorrupt, "the plugin returned nothing");
  }
  const std::size_t size = strnlen(text, kMaxTextBytes);
  base::Result<std::string> taken = std::string(text, size);
  if (size == kMaxTextBytes) {
    taken = base::Error(base::ErrorCode::kCorrupt, "the plugin returned an endless text");
  }
  library_->plugin_->release(text);
  return taken;
}

base::Result<std::unique_ptr<Instance>> Instance::create(std::shared_ptr<const Library> library,
                                                         const std::string& config, LogSink log,
                                                         std::string version) {
  if (!library->has_notifier()) {
    return base::Error(base::ErrorCode::kUnsupported,
                       "the plugin " + std::string(library->name()) + " offers no notifier");
  }
  std::unique_ptr<Instance> instance(
      new Instance(std::move(library), std::move(log), std::move(version)));
  const Library& loaded = *instance->library_;
  char* error = nullptr;
  try {
    instance->notifier_ =
        loaded.notifier_->create(&instance->host_, config.data(), config.size(), &error);
  } catch (...) {
    return base::Error(base::ErrorCode::kCorrupt, "the plugin threw an exception");
  }
  if (instance->notifier_ != nullptr) {
    return instance;
  }
  base::Result<std::string> reason = instance->take(error);
  return base::Error(base::ErrorCode::kInvalidInput,
                     "the plugin " + std::string(loaded.name()) + " refuses its configuration" +
                         (reason ? ": " + first_line(*reason) : std::string()));
}

base::Result<std::string> Instance::deliver(const std::string& notice, base::Duration time_limit) {
  try {
    return take(
        library_->notifier_->deliver(notifier_, notice.data(), notice.size(), time_limit.count()));
  } catch (...) {
    return base::Error(base::ErrorCode::kCorrupt, "the plugin threw an exception");
  }
}

}  // namespace tocsin::notifiers::plugin
