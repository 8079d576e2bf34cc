#include "routing/config.h"

#include <algorithm>
#include <initializer_list>

#include "base/text.h"
#include "yaml/document.h"
#include "yaml/durations.h"

namespace tocsin::routing {
namespace {

constexpr std::string_view kAll = "...";

bool is_empty_list(const yaml::Node& node) {
  return node.is_null() || (node.kind() == yaml::NodeKind::kSequence && node.items().empty()) ||
         (node.kind() == yaml::NodeKind::kMapping && node.entries().empty());
}

// Keys that change who is told what: an empty one changes nothing and is fine.
void refuse_unless_empty(yaml::MappingReader& reader, std::initializer_list<std::string_view> keys,
                         yaml::Problems& problems) {
  for (const std::string_view key : keys) {
    const yaml::Node* node = reader.take(key);
    if (node != nullptr && !is_empty_list(*node)) {
      problems.add(*node, std::string(key) + ": not supported yet");
    }
  }
}

void decode_group_by(yaml::MappingReader& reader, Route& route) {
  for (std::string& name : reader.texts("group_by")) {
    if (name == kAll) {
      route.group_by_all = true;
    } else if (name.empty() || !base::is_valid_utf8(name)) {
      reader.problem("group_by", "expected label names, or '...' alone for all of them");
    } else if (std::ranges::find(route.group_by, name) != route.group_by.end()) {
      reader.problem("group_by", "label " + base::quote(name) + " stands there twice");
    } else {
      route.group_by.push_back(std::move(name));
    }
  }
  if (route.group_by_all && !route.group_by.empty()) {
    reader.problem("group_by", "'...' groups by all labels; expected no others beside it");
  }
}

}  // namespace

Route decode_route(const yaml::Node& node, yaml::Problems& problems) {
  Route route;
  route.receiver_position = node.position();
  yaml::MappingReader reader(node, "route", problems);
  route.receiver = reader.required_text("receiver").value_or("");
  if (const yaml::Node* receiver = reader.take("receiver"); receiver != nullptr) {
    route.receiver_position = receiver->position();
  }
  decode_group_by(reader, route);
  // Zero is a group_wait that people write on purpose: tell at once.
  route.group_wait = reader.duration("group_wait").value_or(route.group_wait);
  yaml::read_positive(reader, "group_interval", route.group_interval);
  yaml::read_positive(reader, "repeat_interval", route.repeat_interval);
  if (const auto first = reader.choice("first_notice", {"now", "group_wait"})) {
    route.first_notice_now = *first == "now";
  }
  if (reader.boolean("continue").value_or(false)) {
    reader.problem("continue", "the default route is the last one; expected no continue: true");
  }
  refuse_unless_empty(reader, {"routes", "mute_time_intervals", "active_time_intervals", "labels"},
                      problems);
  for (const std::string_view key : {"match", "match_re", "matchers"}) {
    const yaml::Node* matchers = reader.take(key);
    if (matchers != nullptr && !is_empty_list(*matchers)) {
      problems.add(*matchers, std::string(key) + ": the default route must match every alert");
    }
  }
  reader.finish();
  if (route.repeat_interval < route.group_interval) {
    problems.warn(node, "repeat_interval is shorter than group_interval: notices repeat at " +
                            base::format_duration(route.group_interval));
  }
  return route;
}

void take_routing_keys(yaml::MappingReader& root, yaml::Problems& problems) {
  refuse_unless_empty(root, {"inhibit_rules", "time_intervals", "mute_time_intervals"}, problems);
}

std::optional<base::Error> check_receiver(const Route& route,
                                          const std::vector<std::string>& receivers) {
  if (std::ranges::find(receivers, route.receiver) != receivers.end()) {
    return std::nullopt;
  }
  return base::Error(base::ErrorCode::kInvalidInput,
                     "unknown receiver " + base::quote(route.receiver) +
                         ": expected the name of one under receivers")
      .at(route.receiver_position);
}

}  // namespace tocsin::routing
