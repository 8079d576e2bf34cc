#include <cstdio>
#include <iterator>
#include <string>

#include "app/cli.h"
#include "async/real_file_system.h"
#include "exposition/check.h"

namespace tocsin::app {

namespace {

// An OpenMetrics page says so at its end, text after that included; the older format has no mark.
exposition::Format format_of(std::string_view body, const std::string& asked) {
  if (asked != "auto") {
    return asked == "openmetrics" ? exposition::Format::kOpenMetrics : exposition::Format::kText;
  }
  const bool marked = body.starts_with("# EOF") || body.find("\n# EOF") != std::string_view::npos;
  return marked ? exposition::Format::kOpenMetrics : exposition::Format::kText;
}

}  // namespace

int check_metrics(const std::string& file, const std::string& asked) {
  const std::string path = file == "-" ? "/dev/stdin" : file;
  const auto body = async::RealFileSystem().read_file(path, 256U << 20);
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
