#pragma once

/// tocsin plugins in C++17 and later: derive from tocsin::plugin::Notifier and export the class
/// with one macro. Header-only, needs nothing but the standard library.
///
///     #include <tocsin/plugin.hpp>
///
///     class Pager : public tocsin::plugin::Notifier {
///      public:
///       Pager(tocsin::plugin::Host host, std::string_view config) : host_(host) {}
///
///       tocsin::plugin::Outcome deliver(std::string_view notice,
///                                       std::chrono::milliseconds time_limit) override {
///         return tocsin::plugin::Outcome::delivered();
///       }
///
///      private:
///       tocsin::plugin::Host host_;
///     };
///
///     TOCSIN_NOTIFIER_PLUGIN(Pager, "pager", "1.0.0")
///
/// plugin.h says what notice, config and outcome look like, and on which threads calls come. A
/// constructor that throws std::exception refuses its configuration with that message; an exception
/// that leaves deliver() counts as a failure that may pass.

#include <tocsin/plugin.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::plugin {

/// The daemon, seen from a plugin. Copy it freely; valid as long as the notifier that got it.
class Host {
 public:
  explicit Host(const tocsin_host* host) : host_(host) {}

  std::string_view version() const { return host_->version; }
  void log(tocsin_log_level level, std::string_view text) const {
    host_->log(host_->context, level, text.data(), text.size());
  }

 private:
  const tocsin_host* host_;
};

/// How a delivery ended. Reasons are shown to people; they must not hold secrets.
class Outcome {
 public:
  static Outcome delivered() { return Outcome("delivered", {}); }
  /// It may succeed later; not before `after`, when that is given.
  static Outcome retry(std::string reason, std::optional<std::chrono::milliseconds> after = {}) {
    Outcome outcome("retry", std::move(reason));
    outcome.after_ = after;
    return outcome;
  }
  /// It will not succeed until a human has acted.
  static Outcome refused(std::string reason) { return Outcome("refused", std::move(reason)); }

  /// The JSON object that crosses the border.
  std::string to_json() const {
    std::string json = "{\"outcome\":\"" + std::string(kind_) + "\",\"reason\":\"";
    for (const char c : reason_) {
      append_escaped(json, c);
    }
    json += '"';
    if (after_) {
      json += ",\"retry_after_ms\":" + std::to_string(after_->count());
    }
    return json + "}";
  }

 private:
  Outcome(const char* kind, std::string reason) : kind_(kind), reason_(std::move(reason)) {}

  static void append_escaped(std::string& json, char c) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      json += escaped;
    } else {
      json += c;
    }
  }

  const char* kind_;
  std::string reason_;
  std::optional<std::chrono::milliseconds> after_;
};

/// Tells somebody about notices. The constructor of the derived class takes (Host, config).
class Notifier {
 public:
  Notifier() = default;
  virtual ~Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Tries once, within the time limit.
  virtual Outcome deliver(std::string_view notice, std::chrono::milliseconds time_limit) = 0;
};

namespace internal {

inline char* copy_text(std::string_view text) noexcept {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy != nullptr) {
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
  }
  return copy;
}

inline void release_text(char* text) noexcept { std::free(text); }

/// The C functions of one class. Nothing that the class throws gets past them.
template <class Derived>
struct NotifierFunctions {
  static void* create(const tocsin_host* host, const char* config, size_t config_size,
                      char** error) noexcept {
    try {
      // As Notifier*, so that deliver() and destroy() may cast back whatever Derived inherits.
      return static_cast<Notifier*>(new Derived(Host(host), std::string_view(config, config_size)));
    } catch (const std::exception& failure) {
      *error = copy_text(failure.what());
    } catch (...) {
      *error = copy_text("the plugin's constructor failed");
    }
    return nullptr;
  }

  static char* deliver(void* notifier, const char* notice, size_t notice_size,
                       int64_t time_limit_ms) noexcept {
    try {
      const Outcome outcome = static_cast<Notifier*>(notifier)->deliver(
          std::string_view(notice, notice_size), std::chrono::milliseconds(time_limit_ms));
      return copy_text(outcome.to_json());
    } catch (const std::exception& failure) {
      return failed(failure.what());
    } catch (...) {
      return failed("the plugin failed");
    }
  }

  static void destroy(void* notifier) noexcept { delete static_cast<Notifier*>(notifier); }

  static const tocsin_notifier_functions* table() noexcept {
    static const tocsin_notifier_functions functions = {sizeof(tocsin_notifier_functions), &create,
                                                        &deliver, &destroy};
    return &functions;
  }

 private:
  static char* failed(const char* what) noexcept {
    try {
      return copy_text(Outcome::retry(what).to_json());
    } catch (...) {
      return nullptr;
    }
  }
};

}  // namespace internal
}  // namespace tocsin::plugin

/// Exports `Class` as the notifier of this library; once per library, at namespace scope.
#define TOCSIN_NOTIFIER_PLUGIN(Class, plugin_name, plugin_version)                 \
  extern "C" TOCSIN_PLUGIN_EXPORT const tocsin_plugin* tocsin_plugin_entry(void) { \
    static const tocsin_plugin plugin = {                                          \
        TOCSIN_PLUGIN_ABI,                                                         \
        sizeof(tocsin_plugin),                                                     \
        plugin_name,                                                               \
        plugin_version,                                                            \
        &::tocsin::plugin::internal::release_text,                                 \
        ::tocsin::plugin::internal::NotifierFunctions<Class>::table()};            \
    return &plugin;                                                                \
  }
