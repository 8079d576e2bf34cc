#include <cstdio>
#include <string>

#include "app/cli.h"
#include "async/real_file_system.h"
#include "exposition/check.h"

namespace tocsin::app {

namespace {

constexpr std::size_t kMaxPageBytes = 256U << 20;

exposition::Format format_of(std::string_view body, const std::string& asked) {
  if (asked != "auto") {
    return asked == "openmetrics" ? exposition::Format::kOpenMetrics : exposition::Format::kText;
  }
  return exposition::guess_format(body);
}

}  // namespace

int check_metrics(const std::string& file, const std::string& asked) {
  const auto body = file == "-" ? async::read_standard_input(kMaxPageBytes)
                                : async::RealFileSystem().read_file(file, kMaxPageBytes);
  if (!body) {
    std::fprintf(stderr, "%s\n", body.error().to_string().c_str());
    return 2;
  }
  const auto format = format_of(*body, asked);
  const auto problems = exposition::check(*body, format);
  for (const exposition::Problem& problem : problems) {
    std::fprintf(stderr, "%s:%d:%d: %s\n", file.c_str(), problem.line, problem.column,
                 problem.reason.c_str());
  }
  return problems.empty() ? 0 : 1;
}

}  // namespace tocsin::app
