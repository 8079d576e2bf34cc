// promqltest [--phase core|native-histogram|experimental] FILE…
// Runs scripts and prints every eval whose outcome is not the expected one.

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "conformance/promql/runner.h"
#include "support/conformance.h"

int main(int argc, char** argv) {
  std::string phase;
  int passed = 0;
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--phase" && i + 1 < argc) {
      phase = argv[++i];
      if (phase == "native") {
        phase = "native-histogram";
      }
      continue;
    }
    const std::string file(argument);
    const std::function<bool(int)> wanted = phase.empty()
                                                ? std::function<bool(int)>([](int) { return true; })
                                                : tocsin::promqltest::evals_of_phase(file, phase);
    const auto summary =
        tocsin::promqltest::run_script(file, tocsin::testing::read_file(file), wanted);
    if (!summary) {
      std::printf("%s\n", summary.error().to_string().c_str());
      ++failed;
      continue;
    }
    for (const auto& failure : summary->failures) {
      std::printf("%s:%d: %s\n", failure.file.c_str(), failure.line, failure.what.c_str());
    }
    passed += summary->passed;
    failed += static_cast<int>(summary->failures.size());
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
