#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "lint/house_rules.h"
#include "support/conformance.h"

namespace tocsin::lint {
namespace {

std::string describe(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& v : violations) {
    text += v.path + ":" + std::to_string(v.line) + ": [" + v.rule + "] " + v.what + "\n";
  }
  return text;
}

TEST(HouseRules, HoldInEveryFile) {
  std::vector<Violation> found;
  std::size_t files = 0;
  const std::filesystem::path root(TOCSIN_SOURCE_DIR);
  for (const char* folder : {"daemon", "include"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !is_source(entry.path().string())) {
        continue;
      }
      ++files;
      const auto violations = check_file(entry.path().lexically_relative(root).string(),
                                         testing::read_file(entry.path()));
      found.insert(found.end(), violations.begin(), violations.end());
    }
  }
  EXPECT_GT(files, 20U);
  EXPECT_TRUE(found.empty()) << describe(found);
}

struct Planted {
  const char* name;
  const char* path;
  const char* source;
  const char* rule;  // nullptr: nothing may be found
};

class PlantedViolation : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedViolation, IsCaught) {
  const Planted& planted = GetParam();
  const auto found = check_file(planted.path, planted.source);
  if (planted.rule == nullptr) {
    EXPECT_TRUE(found.empty()) << describe(found);
    return;
  }
  ASSERT_FALSE(found.empty()) << planted.source;
  EXPECT_EQ(found.front().rule, planted.rule) << describe(found);
}

constexpr Planted kPlanted[] = {
    {"RoomAboveIt", "daemon/series/a.cc", "#include \"promql/query.h\"\n", "include"},
    {"AsioInPureRoom", "daemon/rules/a.cc", "#include <boost/asio/post.hpp>\n", "include"},
    {"BeastOutsideNet", "daemon/api/a.cc", "#include <boost/beast/http.hpp>\n", "include"},
    {"SslOutsideNet", "daemon/sources/a.cc", "#include <openssl/ssl.h>\n", "include"},
    {"DaemonInSdk", "include/tocsin/plugin.h", "#include \"base/result.h\"\n", "include"},
    {"BoostInSdk", "include/tocsin/plugin.h", "#include <boost/json.hpp>\n", "include"},
    {"UnknownRoom", "daemon/kitchen/a.cc", "int x;\n", "include"},
    {"LowerRoomIsFine", "daemon/promql/a.cc", "#include \"series/store.h\"\n", nullptr},
    {"RoomThroughItsParent", "daemon/rules/a.cc", "#include \"../journal/journal.h\"\n", "include"},
    {"RoomThroughItself", "daemon/rules/a.cc", "#include \"./../journal/journal.h\"\n", "include"},
    {"RoomFromTheRoot", "daemon/rules/a.cc", "#include \"daemon/journal/journal.h\"\n", "include"},
    {"ParentInSdk", "include/tocsin/plugin.h", "#include \"../../daemon/base/result.h\"\n",
     "include"},
    {"TimeOfNull", "daemon/rules/a.cc", "auto t = time(NULL);\n", "banned-call"},
    {"TimeOfZero", "daemon/rules/a.cc", "auto t = std::time(0);\n", "banned-call"},
    {"TimeIntoVariable", "daemon/rules/a.cc", "std::time( &t );\n", "banned-call"},
    {"MethodNamedTime", "daemon/rules/a.cc", "auto t = sample.time(at);\n", nullptr},
    {"RandomEngine", "daemon/rules/a.cc", "std::default_random_engine engine;\n", "banned-call"},
    {"RandomEngineOfOldName", "daemon/rules/a.cc", "std::minstd_rand engine;\n", "banned-call"},
    {"EnvironmentOfOldName", "daemon/app/a.cc", "for (char** e = environ; *e; ++e) {}\n",
     "banned-call"},
    {"FileOfTheSystem", "daemon/rules/a.cc", "int file = ::open(path, O_RDONLY);\n", "banned-call"},
    {"MethodNamedOpen", "daemon/app/a.cc", "auto file = SqlStore::open(path);\n", nullptr},
    {"AsyncThread", "daemon/async/a.cc", "auto f = std::async(run);\n", "banned-call"},
    {"OurAsync", "daemon/app/a.cc", "async::Task<> t = tocsin::async::wait(run);\n", nullptr},
    {"WallClock", "daemon/rules/a.cc", "auto t = std::chrono::system_clock::now();\n",
     "banned-call"},
    {"SteadyClock", "daemon/app/a.cc", "auto t = std::chrono::steady_clock::now();\n",
     "banned-call"},
    {"ClockAtHome", "daemon/async/a.cc", "auto t = std::chrono::steady_clock::now();\n", nullptr},
    {"Timer", "daemon/net/a.cc", "boost::asio::steady_timer timer(io);\n", "banned-call"},
    {"Random", "daemon/routing/a.cc", "std::random_device device;\n", "banned-call"},
    {"Environment", "daemon/app/a.cc", "const char* home = getenv(\"HOME\");\n", "banned-call"},
    {"Sleep", "daemon/async/a.cc", "std::this_thread::sleep_for(1s);\n", "banned-call"},
    {"Thread", "daemon/app/a.cc", "std::thread worker(run);\n", "banned-call"},
    {"File", "daemon/rules/a.cc", "std::ifstream in(path);\n", "banned-call"},
    {"Detached", "daemon/net/a.cc", "co_spawn(io, f(), asio::detached);\n", "banned-call"},
    {"CallInComment", "daemon/rules/a.cc", "// std::random_device is banned\nint x;\n", nullptr},
    {"CallInText", "daemon/rules/a.cc", "auto s = \"std::random_device\";\n", nullptr},
    {"AwaitInIf", "daemon/net/a.cc", "void f() { if (co_await g()) { h(); } }\n", "coroutine"},
    {"AwaitInWhile", "daemon/net/a.cc", "void f() { while (x && co_await g()) {} }\n", "coroutine"},
    {"AwaitInSwitch", "daemon/net/a.cc", "void f() { switch (co_await g()) {} }\n", "coroutine"},
    {"AwaitInArguments", "daemon/net/a.cc", "void f() { h(co_await g()); }\n", "coroutine"},
    {"TwoAwaits", "daemon/net/a.cc", "void f() { co_await g(co_await h()); }\n", "coroutine"},
    {"AwaitInCatch", "daemon/net/a.cc",
     "void f() { try { a(); } catch (E& e) { co_await g(); } }\n", "coroutine"},
    {"AggregateTemporary", "daemon/net/a.cc", "void f() { co_await g(Request{1, 2}); }\n",
     "coroutine"},
    {"LambdaTemporary", "daemon/net/a.cc", "void f() { co_await g([x] { return x; }); }\n",
     "coroutine"},
    {"LambdaCoroutine", "daemon/net/a.cc",
     "void f() { spawn([this]() -> Task<> { co_await g(); }); }\n", "coroutine"},
    {"GoodShapes", "daemon/net/a.cc",
     "Task<int> f() {\n  co_await g(std::move(x));\n  auto r = co_await h(a[0], b);\n"
     "  if (!r) { co_return 1; }\n  for (auto& y : z) { co_await g(y); }\n"
     "  spawn([this] { return run(); });\n  co_return co_await k();\n}\n",
     nullptr},
    {"Promise", "daemon/net/a.cc", "// TODO later\n", "promise"},
};

INSTANTIATE_TEST_SUITE_P(HouseRules, PlantedViolation, ::testing::ValuesIn(kPlanted),
                         [](const auto& planted) { return std::string(planted.param.name); });

TEST(HouseRules, EveryEndingOfASourceIsRead) {
  for (const char* path : {"daemon/a/b.h", "daemon/a/b.cc", "include/b.hpp", "daemon/a/b.cpp",
                           "daemon/a/b.cxx", "daemon/a/b.c", "daemon/a/b.inl"}) {
    EXPECT_TRUE(is_source(path)) << path;
  }
  for (const char* path : {"daemon/a/README.md", "daemon/a/CMakeLists.txt", "daemon/a.cc/b.sql"}) {
    EXPECT_FALSE(is_source(path)) << path;
  }
}

TEST(HouseRules, LongFilesAreReported) {
  std::string source;
  for (int i = 0; i < 402; ++i) {
    source += "int x;\n";
  }
  const auto found = check_file("daemon/base/a.cc", source);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().rule, "length");
}

}  // namespace
}  // namespace tocsin::lint
