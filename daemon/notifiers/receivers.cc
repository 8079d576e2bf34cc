#include "notifiers/receivers.h"

#include <set>
#include <utility>

#include "base/text.h"

namespace tocsin::notifiers {
namespace {

Receiver decode_receiver(const yaml::Node& node, const Registry& registry, DecodeContext& context) {
  yaml::MappingReader reader(node, "receiver", context.problems);
  Receiver receiver;
  receiver.position = node.position();
  receiver.name = reader.required_text("name").value_or("");
  for (const std::string& kind : registry.kinds()) {
    std::size_t index = 0;
    for (const yaml::Node* entry : reader.mappings(kind + "_configs")) {
      yaml::MappingReader keys(*entry, kind + "_configs", context.problems);
      NamedIntegration named;
      named.id = kind + "[" + std::to_string(index++) + "]";
      named.integration = registry.find(kind)->decode(keys, context);
      keys.finish();
      receiver.integrations.push_back(std::move(named));
    }
  }
  // Notices for others than engineers: until they exist such a receiver would be told host names.
  reader.unsupported({"audience", "language"});
  // Alertmanager's other kinds.
  reader.unsupported({"discord_configs", "incidentio_configs", "jira_configs", "mattermost_configs",
                      "msteams_configs", "msteamsv2_configs", "opsgenie_configs",
                      "pagerduty_configs", "pushover_configs", "rocketchat_configs", "sns_configs",
                      "telegram_configs", "victorops_configs", "webex_configs", "wechat_configs"});
  reader.finish();
  return receiver;
}

}  // namespace

std::vector<Receiver> decode_receivers(const yaml::Node& list, const Registry& registry,
                                       DecodeContext& context) {
  std::vector<Receiver> receivers;
  if (list.is_null()) {
    return receivers;
  }
  if (list.kind() != yaml::NodeKind::kSequence) {
    context.problems.add(list, "receivers: expected a list, found " + yaml::describe(list));
    return receivers;
  }
  std::set<std::string> names;
  for (const yaml::Node& node : list.items()) {
    if (node.kind() != yaml::NodeKind::kMapping) {
      context.problems.add(node, "receivers: expected a mapping, found " + yaml::describe(node));
      continue;
    }
    Receiver receiver = decode_receiver(node, registry, context);
    if (!receiver.name.empty() && !names.insert(receiver.name).second) {
      context.problems.add(node, "a second receiver named " + base::quote(receiver.name));
    }
    receivers.push_back(std::move(receiver));
  }
  return receivers;
}

std::map<std::string, std::vector<BuiltIntegration>> build(const std::vector<Receiver>& receivers,
                                                           const Parts& parts) {
  std::map<std::string, std::vector<BuiltIntegration>> built;
  for (const Receiver& receiver : receivers) {
    auto& integrations = built[receiver.name];
    for (const NamedIntegration& named : receiver.integrations) {
      integrations.push_back(
          {named.id, named.integration->send_resolved(), named.integration->make(parts)});
    }
  }
  return built;
}

}  // namespace tocsin::notifiers
