#include <re2/re2.h>

#include <string>
#include <unordered_map>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

// node_exporter 1.5's --collector.netstat.fields.
constexpr std::string_view kFields =
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|"
    "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
    "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";

class NetstatCollector final : public Collector {
 public:
  NetstatCollector() : wanted_(std::string(kFields)) {}
  std::string_view name() const override { return "netstat"; }

  base::Status collect(const Host& host, Output& out) override {
    base::Status status;
    for (const std::string_view file : {"net/netstat", "net/snmp"}) {
      const auto text = host.read_proc(file);
      auto parsed = text ? parse_pairs(file, *text, out) : base::Status(text.error());
      if (!parsed) {
        status = std::move(parsed);
      }
    }
    // Absent where IPv6 is off.
    if (const auto text = host.read_proc("net/snmp6")) {
      auto parsed = parse_six(*text, out);
      if (!parsed) {
        status = std::move(parsed);
      }
    }
    return status;
  }

 private:
  /// Two lines per protocol: "Tcp: name name …" and "Tcp: number number …".
  base::Status parse_pairs(std::string_view file, std::string_view text, Output& out) {
    base::Status status;
    std::vector<std::string_view> names;
    for_each_line(text, [&](std::string_view line) {
      const auto fields = fields_of(line);
      if (fields.empty() || !status) {
        return;
      }
      if (names.empty()) {
        names = fields;
        return;
      }
      if (fields.size() != names.size() || fields[0] != names[0] || !fields[0].ends_with(':')) {
        status = malformed(file, "a line of names, then one of numbers");
        return;
      }
      const std::string protocol(fields[0].substr(0, fields[0].size() - 1));
      for (std::size_t i = 1; i < fields.size() && status; ++i) {
        status = add(file, protocol + "_" + std::string(names[i]), fields[i], out);
      }
      names.clear();
    });
    return status;
  }

  /// "Ip6InReceives  7": the protocol ends with the 6.
  base::Status parse_six(std::string_view text, Output& out) {
    base::Status status;
    for_each_line(text, [&](std::string_view line) {
      const auto fields = fields_of(line);
      const auto six = fields.empty() ? std::string_view::npos : fields[0].find('6');
      if (fields.size() < 2 || six == std::string_view::npos || !status) {
        return;
      }
      const std::string key =
          std::string(fields[0].substr(0, six + 1)) + "_" + std::string(fields[0].substr(six + 1));
      status = add("net/snmp6", key, fields[1], out);
    });
    return status;
  }

  base::Status add(std::string_view file, const std::string& key, std::string_view text,
                   Output& out) {
    auto known = metrics_.find(key);
    if (known == metrics_.end()) {
      const bool wanted = RE2::FullMatch(key, wanted_);
      known = metrics_.emplace(key, wanted ? "node_netstat_" + key : std::string()).first;
    }
    if (known->second.empty()) {
      return {};
    }
    const auto value = parse_figure(text);
    if (!value) {
      return malformed(file, "a number");
    }
    out.add(known->second, *value);
    return {};
  }

  RE2 wanted_;
  std::unordered_map<std::string, std::string> metrics_;  // key to metric; empty: not wanted
};

}  // namespace

std::unique_ptr<Collector> make_netstat_collector() { return std::make_unique<NetstatCollector>(); }

}  // namespace tocsin::sources::system
