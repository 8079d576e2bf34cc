#include "lint/house_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "lint/coroutine_rules.h"

namespace tocsin::lint {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr int kMaxLines = 400;

// The table of docs/architecture.md: what each room may include beside itself.
const std::map<std::string, Names, std::less<>>& allowed_includes() {
  static const std::map<std::string, Names, std::less<>> kAllowed = {
      {"base", {}},
      {"model", {"base"}},
      {"yaml", {"base"}},
      {"templates", {"base"}},
      {"exposition", {"model", "base"}},
      {"series", {"model", "base"}},
      {"promql", {"series", "model", "base"}},
      {"rules", {"templates", "promql", "series", "yaml", "model", "base"}},
      {"routing", {"yaml", "model", "base"}},
      {"rendering", {"templates", "yaml", "model", "base"}},
      {"incidents", {"yaml", "model", "base"}},
      {"async", {"base"}},
      {"net", {"async", "base"}},
      {"http_config", {"yaml", "net", "base"}},
      {"journal", {"async", "model", "base"}},
      {"blocks", {"async", "series", "model", "base"}},
      {"sources", {"exposition", "series", "yaml", "http_config", "net", "async", "model", "base"}},
      {"notifiers", {"templates", "yaml", "http_config", "net", "async", "model", "base"}},
      {"api", {"net", "async", "promql", "series", "exposition", "model", "base"}},
      {"app",
       {"base", "model", "yaml", "templates", "exposition", "series", "promql", "rules", "routing",
        "rendering", "incidents", "async", "net", "http_config", "journal", "blocks", "sources",
        "notifiers", "api"}},
  };
  return kAllowed;
}

const Names& pure_rooms() {
  static const Names kPure = {"base",   "model", "yaml",    "templates", "exposition", "series",
                              "promql", "rules", "routing", "rendering", "incidents"};
  return kPure;
}

struct BannedCall {
  const char* pattern;
  Names homes;  // rooms that may
  const char* instead;
};

const std::vector<BannedCall>& banned_calls() {
  static const std::vector<BannedCall> kBanned = {
      {R"((system|steady|high_resolution)_clock::now|clock_gettime|gettimeofday|std::time\(|)"
       R"((^|[^\w.>])time\(\s*(nullptr|NULL|0|&))",
       {"async"},
       "ask base::Clock"},
      {R"(\b(steady|system|high_resolution|deadline)_timer\b)", {"async"}, "wait on async::Timers"},
      {R"(this_thread::sleep|\busleep\(|\bnanosleep\(|[^_.>\w]sleep\()",
       {},
       "wait on async::Timers"},
      {R"(random_device|mt19937|random_engine|minstd_rand|ranlux|knuth_b|\bs?rand\(|getrandom)",
       {"async"},
       "ask base::Random"},
      {R"(\b(secure_)?getenv\b|\b(un)?setenv\b|\bputenv\b|\benviron\b)",
       {"async"},
       "ask base::Environment"},
      {R"(std::j?thread\b|pthread_create)", {"async"}, "use async::BlockingThread or WorkerPool"},
      {R"(std::async\b)", {}, "use async::BlockingThread or WorkerPool"},
      // blocks mends pages of its own file, on the file's own thread.
      {R"(std::(i|o)?fstream|\bfopen\(|std::filesystem|(^|[^\w>])::(open|openat|creat)\()",
       {"async", "blocks"},
       "ask base::FileSystem"},
      {R"(asio::detached)", {}, "spawn on an async::TaskGroup"},
      {R"(std::regex)", {}, "use RE2"},
      {R"(\busing namespace\b)", {}, "name what is used"},
  };
  return kBanned;
}

std::string room_of(std::string_view path) {
  const auto parts = base::split(path, '/');
  return parts.size() > 2 && parts[0] == "daemon" ? std::string(parts[1]) : std::string();
}

void check_include(const std::string& room, std::string_view target, bool sdk, Violation where,
                   std::vector<Violation>& found) {
  where.rule = "include";
  const auto forbid = [&](const std::string& why) {
    where.what = why;
    found.push_back(where);
  };
  const auto steps = base::split(target, '/');
  if (std::ranges::any_of(steps, [](std::string_view step) { return step.starts_with('.'); })) {
    forbid("an include names its room, not a way there: " + std::string(target));
    return;
  }
  if (sdk) {
    if (target.starts_with("boost/") ||
        allowed_includes().contains(target.substr(0, std::min(target.find('/'), target.size())))) {
      forbid("the plugin SDK may not include " + std::string(target));
    }
    return;
  }
  if (target.starts_with("daemon/")) {
    forbid("rooms are named from daemon/ on: " + std::string(target));
  }
  const bool network = target.starts_with("boost/beast") || target.starts_with("boost/asio/ssl") ||
                       target.starts_with("openssl/");
  if (network && room != "net") {
    forbid("only net may include " + std::string(target));
  }
  if (target.starts_with("boost/asio") && pure_rooms().contains(room)) {
    forbid("pure rooms may not include " + std::string(target));
  }
  const std::string other(target.substr(0, std::min(target.find('/'), target.size())));
  if (other != room && target.find('/') != std::string_view::npos &&
      allowed_includes().contains(other) && !allowed_includes().at(room).contains(other)) {
    forbid(room + " may not include " + std::string(target));
  }
}

void check_includes(std::string_view path, std::string_view source, std::vector<Violation>& found) {
  static const re2::RE2 kInclude(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  const std::string room = room_of(path);
  const bool sdk = path.starts_with("include/");
  if (!sdk && !allowed_includes().contains(room)) {
    if (path.starts_with("daemon/") && !room.empty()) {
      found.push_back({"include", std::string(path), 0, "unknown room " + room});
    }
    return;
  }
  int number = 0;
  for (const std::string_view line : base::split(source, '\n')) {
    ++number;
    std::string target;
    if (re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), kInclude, &target)) {
      check_include(room, target, sdk, {"", std::string(path), number, ""}, found);
    }
  }
}

void check_banned_calls(std::string_view path, std::string_view code,
                        std::vector<Violation>& found) {
  const std::string room = room_of(path);
  for (const BannedCall& banned : banned_calls()) {
    if (banned.homes.contains(room)) {
      continue;
    }
    const re2::RE2 pattern(banned.pattern);
    int number = 0;
    for (const std::string_view line : base::split(code, '\n')) {
      ++number;
      if (!line.starts_with('#') &&
          re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), pattern)) {
        found.push_back({"banned-call", std::string(path), number,
                         std::string(base::trim(line)) + ": " + banned.instead});
      }
    }
  }
}

void check_promises(std::string_view path, std::string_view source, std::vector<Violation>& found) {
  static const re2::RE2 kPromise(R"(\b(TODO|FIXME|XXX)\b)");
  int number = 0;
  for (const std::string_view line : base::split(source, '\n')) {
    ++number;
    if (re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), kPromise)) {
      found.push_back({"promise", std::string(path), number, std::string(base::trim(line))});
    }
  }
  if (number > kMaxLines + 1) {
    found.push_back({"length", std::string(path), number,
                     "more than " + std::to_string(kMaxLines) + " lines: one subject per file"});
  }
}

}  // namespace

bool is_source(std::string_view path) {
  constexpr std::string_view kEndings[] = {".h",   ".hh",  ".hpp", ".hxx", ".cc",
                                           ".cpp", ".cxx", ".c",   ".ipp", ".inl"};
  return std::ranges::any_of(kEndings,
                             [path](std::string_view ending) { return path.ends_with(ending); });
}

std::vector<Violation> check_file(std::string_view path, std::string_view source) {
  std::vector<Violation> found;
  const std::string code = without_comments_and_literals(source);
  check_includes(path, source, found);
  check_banned_calls(path, code, found);
  check_coroutines(path, code, found);
  check_promises(path, source, found);
  return found;
}

}  // namespace tocsin::lint
