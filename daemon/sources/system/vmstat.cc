#include <string>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

/// node_exporter's default: ^(oom_kill|pgpg|pswp|pg.*fault).*
bool is_wanted(std::string_view key) {
  return key.starts_with("oom_kill") || key.starts_with("pgpg") || key.starts_with("pswp") ||
         (key.starts_with("pg") && key.find("fault", 2) != std::string_view::npos);
}

}  // namespace

base::Status parse_vmstat(std::string_view text, Output& out) {
  base::Status status;
  for_each_line(text, [&](std::string_view line) {
    if (!is_wanted(line)) {
      return;
    }
    const auto fields = fields_of(line);
    const auto value = fields.size() == 2 ? parse_figure(fields[1]) : std::nullopt;
    if (!value) {
      status = malformed("vmstat", "\"name number\"");
      return;
    }
    out.add("node_vmstat_" + std::string(fields[0]), *value);
  });
  return status;
}

base::Status collect_vmstat(const Host& host, Output& out) {
  const auto text = host.read_proc("vmstat");
  return text ? parse_vmstat(*text, out) : text.error();
}

}  // namespace tocsin::sources::system
