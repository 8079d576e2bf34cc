#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sources/system/collector.h"

/// One function per subject, each in a file of its own. The parse_… functions are pure: text of
/// the kernel in, samples out; what they cannot read they report and leave out, whatever stands
/// before it stays.
namespace tocsin::sources::system {

base::Status collect_conntrack(const Host& host, Output& out);
base::Status collect_entropy(const Host& host, Output& out);
base::Status collect_filefd(const Host& host, Output& out);
base::Status collect_loadavg(const Host& host, Output& out);
base::Status collect_memory(const Host& host, Output& out);
base::Status collect_netclass(const Host& host, Output& out);
base::Status collect_pressure(const Host& host, Output& out);
base::Status collect_sockstat(const Host& host, Output& out);
base::Status collect_stat(const Host& host, Output& out);
base::Status collect_uname(const Host& host, Output& out);
base::Status collect_vmstat(const Host& host, Output& out);

/// Remembers the highest figures of each CPU, because idle and iowait may step back a little and
/// a rate would take that for a restart from zero.
std::unique_ptr<Collector> make_cpu_collector();
std::unique_ptr<Collector> make_disk_collector(const std::string& exclude);
std::unique_ptr<Collector> make_netdev_collector(const std::string& exclude);
std::unique_ptr<Collector> make_netstat_collector();

base::Status parse_filefd(std::string_view text, Output& out);
base::Status parse_loadavg(std::string_view text, Output& out);
base::Status parse_meminfo(std::string_view text, Output& out);
base::Status parse_stat(std::string_view text, Output& out);
base::Status parse_vmstat(std::string_view text, Output& out);
/// `resource` is the file's name below /proc/pressure.
base::Status parse_pressure(std::string_view resource, std::string_view text, Output& out);
base::Status parse_sockstat(std::string_view text, double page_bytes, Output& out);

/// "cannot read /proc/<file>: <what was expected>".
base::Error malformed(std::string_view file, std::string_view expected);

}  // namespace tocsin::sources::system
