#include <array>
#include <string>

#include "base/text.h"
#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

struct Attribute {
  std::string_view file;
  std::string_view metric;
};

constexpr std::array<Attribute, 15> kNumbers = {{
    {"addr_assign_type", "node_network_address_assign_type"},
    {"carrier", "node_network_carrier"},
    {"carrier_changes", "node_network_carrier_changes_total"},
    {"carrier_up_count", "node_network_carrier_up_changes_total"},
    {"carrier_down_count", "node_network_carrier_down_changes_total"},
    {"dev_id", "node_network_device_id"},
    {"dormant", "node_network_dormant"},
    {"flags", "node_network_flags"},
    {"ifindex", "node_network_iface_id"},
    {"iflink", "node_network_iface_link"},
    {"link_mode", "node_network_iface_link_mode"},
    {"mtu", "node_network_mtu_bytes"},
    {"name_assign_type", "node_network_name_assign_type"},
    {"netdev_group", "node_network_net_dev_group"},
    {"type", "node_network_protocol_type"},
}};

std::string text_of(const Host& host, const std::string& folder, std::string_view file) {
  auto text = host.read_sys(folder + std::string(file));
  // Some attributes cannot be read while the interface is down (EINVAL); they are left out.
  return text ? std::string(base::trim(*text)) : std::string();
}

void emit_device(const Host& host, const std::string& device, Output& out) {
  const std::string folder = "class/net/" + device + "/";
  const std::string state = text_of(host, folder, "operstate");
  if (state.empty()) {
    return;  // a plain file such as bonding_masters, or a device that is going away
  }
  for (const Attribute& attribute : kNumbers) {
    const auto value = parse_figure(text_of(host, folder, attribute.file));
    if (value) {
      out.add(attribute.metric, {{"device", device}}, *value);
    }
  }
  // Megabits per second; -1 where the driver does not know, which node_exporter passes on.
  if (const auto speed = parse_figure(text_of(host, folder, "speed"))) {
    out.add("node_network_speed_bytes", {{"device", device}}, *speed * 1'000'000 / 8);
  }
  if (const auto length = parse_figure(text_of(host, folder, "tx_queue_len"))) {
    out.add("node_network_transmit_queue_length", {{"device", device}}, *length);
  }
  out.add("node_network_up", {{"device", device}}, state == "up" ? 1 : 0);
  out.add("node_network_info",
          {{"device", device},
           {"address", text_of(host, folder, "address")},
           {"broadcast", text_of(host, folder, "broadcast")},
           {"duplex", text_of(host, folder, "duplex")},
           {"ifalias", text_of(host, folder, "ifalias")},
           {"operstate", state}},
          1);
}

}  // namespace

base::Status collect_netclass(const Host& host, Output& out) {
  const auto devices = host.list_sys("class/net");
  if (!devices) {
    return devices.error();
  }
  for (const std::string& device : *devices) {
    emit_device(host, device, out);
  }
  return {};
}

}  // namespace tocsin::sources::system
