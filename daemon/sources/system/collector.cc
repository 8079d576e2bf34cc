#include "sources/system/collector.h"

#include <charconv>
#include <cstdint>

#include "base/text.h"
#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

// /proc/stat of a machine with a thousand CPUs stays below 1 MB.
constexpr std::size_t kMaxFileBytes = 4U << 20;

std::string below(const std::string& root, std::string_view path) {
  std::string full = root;
  full += '/';
  full += path;
  return full;
}

/// A collector without memory: one function over the host.
class SimpleCollector final : public Collector {
 public:
  using Function = base::Status (*)(const Host&, Output&);
  SimpleCollector(std::string_view name, Function function) : name_(name), function_(function) {}
  std::string_view name() const override { return name_; }
  base::Status collect(const Host& host, Output& out) override { return function_(host, out); }

 private:
  std::string_view name_;
  Function function_;
};

}  // namespace

base::Result<std::string> Host::read_proc(std::string_view path) const {
  return files_.read_file(below(roots_.procfs, path), kMaxFileBytes);
}

base::Result<std::string> Host::read_sys(std::string_view path) const {
  return files_.read_file(below(roots_.sysfs, path), kMaxFileBytes);
}

base::Result<std::vector<std::string>> Host::list_sys(std::string_view path) const {
  return files_.list_folder(below(roots_.sysfs, path));
}

std::optional<double> parse_figure(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const bool hexadecimal = digits.starts_with("0x");
  const std::string_view body = digits.substr(hexadecimal ? 2 : 0);
  std::uint64_t whole = 0;
  const auto [end, error] =
      std::from_chars(body.data(), body.data() + body.size(), whole, hexadecimal ? 16 : 10);
  if (error == std::errc() && end == body.data() + body.size()) {
    const auto value = static_cast<double>(whole);
    return negative ? -value : value;
  }
  double fraction = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), fraction);
  if (hexadecimal || fault != std::errc() || stop != text.data() + text.size()) {
    return std::nullopt;
  }
  return fraction;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> fields;
  auto begin = line.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const auto end = line.find_first_of(kBlanks, begin);
    fields.push_back(line.substr(begin, end == std::string_view::npos ? end : end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return fields;
}

std::vector<std::unique_ptr<Collector>> file_collectors(const CollectorOptions& options) {
  std::vector<std::unique_ptr<Collector>> list;
  const auto simple = [&list](std::string_view name, SimpleCollector::Function function) {
    list.push_back(std::make_unique<SimpleCollector>(name, function));
  };
  simple("conntrack", collect_conntrack);
  list.push_back(make_cpu_collector());
  list.push_back(make_disk_collector(options.disk_exclude));
  simple("entropy", collect_entropy);
  simple("filefd", collect_filefd);
  simple("loadavg", collect_loadavg);
  simple("meminfo", collect_memory);
  simple("netclass", collect_netclass);
  list.push_back(make_netdev_collector(options.network_exclude));
  list.push_back(make_netstat_collector());
  simple("pressure", collect_pressure);
  simple("sockstat", collect_sockstat);
  simple("stat", collect_stat);
  simple("uname", collect_uname);
  simple("vmstat", collect_vmstat);
  return list;
}

}  // namespace tocsin::sources::system
