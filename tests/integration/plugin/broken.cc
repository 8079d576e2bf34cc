// One source, several faults: what a daemon may meet in a file that claims to be a plugin.

#include <tocsin/plugin.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace {

char* copy(const char* text) { return strdup(text); }

void* create(const tocsin_host*, const char*, size_t, [[maybe_unused]] char** error) {
#if defined(FAULT_CHOOSY)
  *error = copy("needs a key");
  return nullptr;
#else
  static int self;
  return &self;
#endif
}

char* deliver(void*, const char*, size_t, int64_t) {
#if defined(FAULT_THROWS)
  throw 1;
#elif defined(FAULT_ENDLESS)
  auto* text = static_cast<char*>(std::malloc(200'000));
  std::memset(text, 'x', 199'999);
  text[199'999] = '\0';
  return text;
#elif defined(FAULT_NOTHING)
  return nullptr;
#elif defined(FAULT_HANGS)
  usleep(300'000);
  return copy("{}");
#else
  return copy("{\"outcome\":\"delivered\"}");
#endif
}

void destroy(void*) {}
void release(char* text) { std::free(text); }

#if defined(FAULT_WRONG_ABI)
constexpr unsigned kAbi = TOCSIN_PLUGIN_ABI + 1;
#else
constexpr unsigned kAbi = TOCSIN_PLUGIN_ABI;
#endif
#if defined(FAULT_SHORT)
constexpr unsigned kSize = 8;
#else
constexpr unsigned kSize = sizeof(tocsin_plugin);
#endif

[[maybe_unused]] const tocsin_notifier_functions kNotifier = {sizeof(tocsin_notifier_functions),
                                                              &create, &deliver, &destroy};
[[maybe_unused]] const tocsin_plugin kPlugin = {kAbi, kSize, "broken", "0", &release, &kNotifier};

}  // namespace

#if !defined(FAULT_NO_ENTRY)
extern "C" const tocsin_plugin* tocsin_plugin_entry() {
#if defined(FAULT_NO_PLUGIN)
  return nullptr;
#else
  return &kPlugin;
#endif
}
#endif
