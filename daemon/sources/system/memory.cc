#include <string>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

/// "Active(anon)" becomes "node_memory_Active_anon", with "_bytes" behind when it has a unit.
std::string metric_of(std::string_view key, bool has_unit) {
  std::string name = "node_memory_";
  for (const char byte : key) {
    if (byte == '(') {
      name += '_';
    } else if (byte != ')') {
      name += byte;
    }
  }
  if (has_unit) {
    name += "_bytes";
  }
  return name;
}

}  // namespace

base::Status parse_meminfo(std::string_view text, Output& out) {
  base::Status status;
  for_each_line(text, [&](std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.empty() || !status) {
      return;
    }
    const auto value = fields.size() >= 2 ? parse_figure(fields[1]) : std::nullopt;
    if (!value || !fields[0].ends_with(':')) {
      status = malformed("meminfo", "\"name: number\"");
      return;
    }
    const bool has_unit = fields.size() >= 3;
    out.add(metric_of(fields[0].substr(0, fields[0].size() - 1), has_unit),
            has_unit ? *value * 1024 : *value);
  });
  return status;
}

base::Status collect_memory(const Host& host, Output& out) {
  const auto text = host.read_proc("meminfo");
  return text ? parse_meminfo(*text, out) : text.error();
}

}  // namespace tocsin::sources::system
