// promql_seeds FOLDER: writes each expression of the project's scripts, and of the conformance
// data where there is any, as a file.

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "conformance/promql/corpus.h"
#include "support/conformance.h"

int main(int argc, char** argv) {
  using tocsin::promqltest::script_expressions;
  if (argc != 2) {
    std::fprintf(stderr, "usage: promql_seeds FOLDER\n");
    return 2;
  }
  std::vector<std::string> seeds =
      script_expressions(TOCSIN_SOURCE_DIR "/tests/conformance/promql");
  if (const auto folder = tocsin::testing::conformance_dir()) {
    for (std::string& text : script_expressions(*folder + "/prometheus/promqltest")) {
      seeds.push_back(std::move(text));
    }
    for (std::string& text : tocsin::promqltest::compliance_queries(*folder)) {
      seeds.push_back(std::move(text));
    }
  }
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream(std::string(argv[1]) + "/" + std::to_string(i)) << seeds[i];
  }
  std::printf("%zu seeds\n", seeds.size());
  return seeds.empty() ? 1 : 0;
}
