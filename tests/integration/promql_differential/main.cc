// promql_differential [--seed N] [--count N] [--reports N] asks a Prometheus 2.42 and tocsin random
// expressions, and prints where they disagree.
// promql_differential --seed N --serve keeps both servers of that seed until the end of the input.

#include <cstdio>
#include <string>
#include <string_view>

#include "base/text.h"
#include "integration/promql_differential/metrics.h"
#include "integration/promql_differential/run.h"

namespace {

using tocsin::differential::Peers;
using tocsin::differential::RunOptions;

int serve(std::uint64_t seed) {
  tocsin::differential::Dice dice(seed);
  const auto frame = tocsin::differential::make_frame(dice);
  const auto series =
      tocsin::differential::make_series(tocsin::differential::catalogue(), frame, dice);
  const auto peers = Peers::start(series);
  if (!peers) {
    std::fprintf(stderr, "%s\n", peers.error().to_string().c_str());
    return 2;
  }
  std::printf("theirs: %s\nours: %s\n", (*peers)->their_url().c_str(), (*peers)->our_url().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  RunOptions options;
  bool keep = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto number = i + 1 < argc ? tocsin::base::parse_number(argv[i + 1]) : std::nullopt;
    if (argument == "--serve") {
      keep = true;
    } else if (number && argument == "--seed") {
      options.seed = static_cast<std::uint64_t>(*number);
      ++i;
    } else if (number && argument == "--count") {
      options.expressions = static_cast<std::size_t>(*number);
      ++i;
    } else if (number && argument == "--reports") {
      options.max_reports = static_cast<std::size_t>(*number);
      ++i;
    } else {
      std::fprintf(stderr,
                   "usage: promql_differential [--seed N] [--count N] [--reports N] [--serve]\n");
      return 2;
    }
  }
  if (keep) {
    return serve(options.seed);
  }
  options.say = [](const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  };
  const auto result = tocsin::differential::run_random(options);
  if (!result.broken.empty()) {
    std::printf("gave up: %s\n", result.broken.c_str());
  }
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(options.seed),
              result.summary().c_str());
  return result.broken.empty() && result.reports.empty() ? 0 : 1;
}
