/*
 * tocsin's plugin interface, in C so that any compiler and language can meet it.
 *
 * A plugin is a shared library that exports one function, tocsin_plugin_entry(), which returns a
 * description with tables of functions. Data crosses the border as JSON in UTF-8. C++ authors find
 * a wrapper in plugin.hpp that does everything described here for them.
 *
 * Versions. TOCSIN_PLUGIN_ABI counts incompatible changes: a daemon loads only plugins that carry
 * its own number. Structures grow at their end only; `size` says how much of one the other side
 * knows, and what lies beyond must not be read.
 *
 * Ownership. Whoever hands out a pointer keeps what it points at: arguments are valid during the
 * call and must be copied to be kept. The one exception are texts that functions of the plugin
 * return; the daemon gives each of them back once, to `release` of the same plugin.
 *
 * Threads. Each notifier has one thread of the daemon's: create and deliver run on it. destroy
 * comes after the last of them, on any thread. A configuration is tried out when it is read: a
 * notifier is created and destroyed at once, on the thread that reads it, also by `tocsin check`
 * and while an older one of the same configuration is at work. So create must be quick, and leave
 * what has an effect outside to deliver. Calls with one notifier never overlap. Notifiers of one
 * plugin work at the same time as each other, so the library must guard what they share. A call
 * that does not return costs only that notifier, but it is never torn down: keep the time limit.
 *
 * Errors. No exception and no longjmp may leave a function. The daemon treats text that is no
 * valid outcome as a failure that may pass. A crash in a plugin is a crash of the daemon: plugins
 * share its memory. Use the `exec` notifier for code that is not trusted that far.
 */
#ifndef TOCSIN_PLUGIN_H
#define TOCSIN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TOCSIN_PLUGIN_ABI 1u

/* The name of the function that a plugin exports, for dlsym(). */
#define TOCSIN_PLUGIN_ENTRY "tocsin_plugin_entry"

#if defined(__GNUC__)
#define TOCSIN_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define TOCSIN_PLUGIN_EXPORT
#endif

/* Levels of tocsin_host.log. */
enum tocsin_log_level {
  TOCSIN_LOG_DEBUG = 0,
  TOCSIN_LOG_INFO = 1,
  TOCSIN_LOG_WARNING = 2,
  TOCSIN_LOG_ERROR = 3
};

/* What the daemon offers. Valid as long as the notifier that got it. */
typedef struct tocsin_host {
  uint32_t size;       /* sizeof(tocsin_host) of the daemon */
  const char* version; /* of the daemon, such as "0.1.0" */
  void* context;       /* to be passed to the functions below */
  /* Writes one line to the daemon's log; from any thread. */
  void (*log)(void* context, int level, const char* text, size_t text_size);
} tocsin_host;

/*
 * A notifier tells somebody about a notice.
 *
 * The notice is a JSON object: the body of Alertmanager's webhook, version "4" (status, receiver,
 * groupKey, groupLabels, commonLabels, commonAnnotations, externalURL, alerts[], truncatedAlerts),
 * and beside it "tocsin": {"id", "integration", "incidents": [{"id", "title", "state", "grade",
 * "provisional", "service", "category", "detectedAt"}]}. tocsin.id is the idempotency key: it is
 * the same when the same notice is tried again, also after a restart. Ignore unknown keys.
 *
 * The outcome is a JSON object:
 *   {"outcome": "delivered"}
 *   {"outcome": "retry", "reason": "…", "retry_after_ms": 30000}   the last key may be left out
 *   {"outcome": "refused", "reason": "…"}                          for good: a human has to act
 * Reasons are shown to people; they must not hold secrets.
 */
typedef struct tocsin_notifier_functions {
  uint32_t size; /* sizeof(tocsin_notifier_functions) of the plugin */

  /*
   * Makes a notifier from its `config:` in tocsin.yml, as a JSON object. On success returns a
   * pointer other than NULL and leaves *error alone; on failure returns NULL and sets *error to a
   * text that says what is wrong with the configuration.
   */
  void* (*create)(const tocsin_host* host, const char* config, size_t config_size, char** error);

  /*
   * Delivers one notice and returns its outcome. `time_limit_ms` counts from the call; a later
   * answer is not waited for.
   */
  char* (*deliver)(void* notifier, const char* notice, size_t notice_size, int64_t time_limit_ms);

  /* The last call with this notifier. */
  void (*destroy)(void* notifier);
} tocsin_notifier_functions;

/* What a plugin is. All of it lives as long as the library stays loaded. */
typedef struct tocsin_plugin {
  uint32_t abi;        /* TOCSIN_PLUGIN_ABI; the first field in every version */
  uint32_t size;       /* sizeof(tocsin_plugin) of the plugin */
  const char* name;    /* such as "pager"; letters, digits, "-" and "_" */
  const char* version; /* of the plugin, for people */

  /* Takes back a text that a function of this plugin has returned. */
  void (*release)(char* text);

  /* NULL when the plugin offers no notifier. Sources will follow in fields after this one. */
  const tocsin_notifier_functions* notifier;
} tocsin_plugin;

/* The type of the exported function. NULL means that the plugin cannot work here. */
typedef const tocsin_plugin* (*tocsin_plugin_entry_function)(void);

/* What a plugin defines. */
TOCSIN_PLUGIN_EXPORT const tocsin_plugin* tocsin_plugin_entry(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TOCSIN_PLUGIN_H */
