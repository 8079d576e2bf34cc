#include <array>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

struct Line {
  std::string_view key;
  std::string_view metric;
};

constexpr std::array<Line, 6> kLines = {{
    {"intr", "node_intr_total"},
    {"ctxt", "node_context_switches_total"},
    {"processes", "node_forks_total"},
    {"btime", "node_boot_time_seconds"},
    {"procs_running", "node_procs_running"},
    {"procs_blocked", "node_procs_blocked"},
}};

}  // namespace

base::Status parse_stat(std::string_view text, Output& out) {
  base::Status status;
  for_each_line(text, [&](std::string_view line) {
    const std::string_view key = line.substr(0, line.find(' '));
    for (const Line& known : kLines) {
      if (known.key != key || !status) {
        continue;
      }
      // The intr line holds a figure per interrupt after the sum, thousands on large machines.
      std::string_view rest = line.substr(key.size());
      rest.remove_prefix(rest.empty() ? 0 : 1);
      const auto value = parse_figure(rest.substr(0, rest.find(' ')));
      if (!value) {
        status = malformed("stat", "a number");
        return;
      }
      out.add(known.metric, *value);
    }
  });
  return status;
}

base::Status collect_stat(const Host& host, Output& out) {
  const auto text = host.read_proc("stat");
  return text ? parse_stat(*text, out) : text.error();
}

}  // namespace tocsin::sources::system
