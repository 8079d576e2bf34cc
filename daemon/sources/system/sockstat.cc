#include <unistd.h>

#include <string>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

base::Status parse_sockstat(std::string_view text, double page_bytes, Output& out) {
  base::Status status;
  for_each_line(text, [&](std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.empty() || !status) {
      return;
    }
    // "TCP: inuse 4 orphan 0 …": a protocol, then pairs.
    if (!fields[0].ends_with(':') || fields.size() % 2 == 0) {
      status = malformed("net/sockstat", "\"protocol: name number …\"");
      return;
    }
    const std::string prefix =
        "node_sockstat_" + std::string(fields[0].substr(0, fields[0].size() - 1)) + "_";
    for (std::size_t i = 1; i + 1 < fields.size(); i += 2) {
      const auto value = parse_figure(fields[i + 1]);
      if (!value) {
        status = malformed("net/sockstat", "a number");
        return;
      }
      const std::string name = prefix + std::string(fields[i]);
      out.add(name, *value);
      if (fields[i] == "mem") {
        out.add(name + "_bytes", *value * page_bytes);
      }
    }
  });
  return status;
}

base::Status collect_sockstat(const Host& host, Output& out) {
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  const auto text = host.read_proc("net/sockstat");
  if (!text) {
    return text.error();
  }
  auto status = parse_sockstat(*text, page_bytes, out);
  if (!status) {
    return status;
  }
  // Absent where IPv6 is off.
  const auto six = host.read_proc("net/sockstat6");
  return six ? parse_sockstat(*six, page_bytes, out) : base::Status();
}

}  // namespace tocsin::sources::system
