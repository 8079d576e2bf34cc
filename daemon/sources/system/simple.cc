// Subjects whose file is a handful of figures: conntrack, entropy, filefd, loadavg.

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

base::Error malformed(std::string_view file, std::string_view expected) {
  std::string message = "cannot read ";
  message += file;
  message += ": expected ";
  message += expected;
  return {base::ErrorCode::kCorrupt, std::move(message)};
}

namespace {

/// A file below /proc that holds one number.
base::Status add_single(const Host& host, std::string_view path, std::string_view metric,
                        Output& out) {
  const auto text = host.read_proc(path);
  if (!text) {
    return text.error();
  }
  // A view: std::string::substr() would give the fields a temporary to point into.
  const std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
  const auto fields = fields_of(line);
  const auto value = fields.size() == 1 ? parse_figure(fields[0]) : std::nullopt;
  if (!value) {
    return malformed(path, "one number");
  }
  out.add(metric, *value);
  return {};
}

}  // namespace

base::Status collect_conntrack(const Host& host, Output& out) {
  auto status =
      add_single(host, "sys/net/netfilter/nf_conntrack_count", "node_nf_conntrack_entries", out);
  if (!status) {
    return status;
  }
  return add_single(host, "sys/net/netfilter/nf_conntrack_max", "node_nf_conntrack_entries_limit",
                    out);
}

base::Status collect_entropy(const Host& host, Output& out) {
  auto status =
      add_single(host, "sys/kernel/random/entropy_avail", "node_entropy_available_bits", out);
  if (!status) {
    return status;
  }
  return add_single(host, "sys/kernel/random/poolsize", "node_entropy_pool_size_bits", out);
}

base::Status parse_filefd(std::string_view text, Output& out) {
  // allocated, free (always 0 since Linux 2.6), maximum.
  const auto fields = fields_of(text.substr(0, text.find('\n')));
  const auto allocated = fields.size() >= 3 ? parse_figure(fields[0]) : std::nullopt;
  const auto maximum = fields.size() >= 3 ? parse_figure(fields[2]) : std::nullopt;
  if (!allocated || !maximum) {
    return malformed("sys/fs/file-nr", "three numbers");
  }
  out.add("node_filefd_allocated", *allocated);
  out.add("node_filefd_maximum", *maximum);
  return {};
}

base::Status collect_filefd(const Host& host, Output& out) {
  const auto text = host.read_proc("sys/fs/file-nr");
  return text ? parse_filefd(*text, out) : text.error();
}

base::Status parse_loadavg(std::string_view text, Output& out) {
  const auto fields = fields_of(text.substr(0, text.find('\n')));
  constexpr std::string_view kNames[] = {"node_load1", "node_load5", "node_load15"};
  if (fields.size() < std::size(kNames)) {
    return malformed("loadavg", "three averages");
  }
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    const auto value = parse_figure(fields[i]);
    if (!value) {
      return malformed("loadavg", "a number");
    }
    out.add(kNames[i], *value);
  }
  return {};
}

base::Status collect_loadavg(const Host& host, Output& out) {
  const auto text = host.read_proc("loadavg");
  return text ? parse_loadavg(*text, out) : text.error();
}

}  // namespace tocsin::sources::system
