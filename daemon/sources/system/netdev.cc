#include <re2/re2.h>

#include <array>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

// The columns of /proc/net/dev, received then transmitted, as the kernel has written them since
// 2.2; see dev_seq_printf_stats() in net/core/net-procfs.c.
constexpr std::array<std::string_view, 16> kColumns = {
    "node_network_receive_bytes_total",      "node_network_receive_packets_total",
    "node_network_receive_errs_total",       "node_network_receive_drop_total",
    "node_network_receive_fifo_total",       "node_network_receive_frame_total",
    "node_network_receive_compressed_total", "node_network_receive_multicast_total",
    "node_network_transmit_bytes_total",     "node_network_transmit_packets_total",
    "node_network_transmit_errs_total",      "node_network_transmit_drop_total",
    "node_network_transmit_fifo_total",      "node_network_transmit_colls_total",
    "node_network_transmit_carrier_total",   "node_network_transmit_compressed_total",
};

class NetdevCollector final : public Collector {
 public:
  explicit NetdevCollector(const std::string& exclude) : exclude_(exclude) {}
  std::string_view name() const override { return "netdev"; }

  base::Status collect(const Host& host, Output& out) override {
    const auto text = host.read_proc("net/dev");
    if (!text) {
      return text.error();
    }
    base::Status status;
    int number = 0;
    for_each_line(*text, [&](std::string_view line) {
      // Two lines of headings come first.
      if (++number <= 2 || line.empty() || !status) {
        return;
      }
      // The name may touch the first figure ("eth0:123") and may itself hold a colon ("eth0:1:").
      const auto colon = line.rfind(':');
      if (colon == std::string_view::npos) {
        status = malformed("net/dev", "\"device: figures\"");
        return;
      }
      const auto names = fields_of(line.substr(0, colon));
      const auto figures = fields_of(line.substr(colon + 1));
      if (names.size() != 1 || figures.size() < kColumns.size()) {
        status = malformed("net/dev", "sixteen figures per device");
      } else if (!RE2::PartialMatch(names[0], exclude_)) {
        status = emit(names[0], figures, out);
        emit_unhandled(host, names[0], out);
      }
    });
    return status;
  }

 private:
  static base::Status emit(std::string_view device, const std::vector<std::string_view>& figures,
                           Output& out) {
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto value = parse_figure(figures[i]);
      if (!value) {
        return malformed("net/dev", "a number");
      }
      out.add(kColumns[i], {{"device", device}}, *value);
    }
    return {};
  }

  /// Packets that no protocol took: not in /proc/net/dev.
  static void emit_unhandled(const Host& host, std::string_view device, Output& out) {
    const auto text =
        host.read_sys("class/net/" + std::string(device) + "/statistics/rx_nohandler");
    if (!text) {
      return;
    }
    const std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
    const auto fields = fields_of(line);
    const auto value = fields.size() == 1 ? parse_figure(fields[0]) : std::nullopt;
    if (value) {
      out.add("node_network_receive_nohandler_total", {{"device", device}}, *value);
    }
  }

  RE2 exclude_;
};

}  // namespace

std::unique_ptr<Collector> make_netdev_collector(const std::string& exclude) {
  return std::make_unique<NetdevCollector>(exclude);
}

}  // namespace tocsin::sources::system
