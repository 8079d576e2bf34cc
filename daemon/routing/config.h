#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace tocsin::yaml {
class MappingReader;
class Node;
class Problems;
}  // namespace tocsin::yaml

namespace tocsin::routing {

/// The section `route:` of an Alertmanager configuration: one default route for now.
struct Route {
  std::string receiver;
  base::Position receiver_position;  ///< for the message when no such receiver exists
  std::vector<std::string> group_by;
  bool group_by_all = false;                                ///< `group_by: ['...']`
  base::Duration group_wait = std::chrono::seconds(30);     ///< before a group's first notice
  base::Duration group_interval = std::chrono::minutes(5);  ///< between looks at a group
  base::Duration repeat_interval = std::chrono::hours(4);   ///< for unchanged firing groups
  /// Extension `first_notice: now`: a new group is told half a second after its first alert; the
  /// look at group_wait then tells only what has come since.
  bool first_notice_now = false;
};

/// Decodes `route:` strictly. The tree, matchers and time intervals are "not supported yet".
Route decode_route(const yaml::Node& node, yaml::Problems& problems);

/// Takes Alertmanager's top-level keys that belong to routing (`inhibit_rules`, `time_intervals`,
/// `mute_time_intervals`) off the file's root: anything but an empty list is "not supported yet".
void take_routing_keys(yaml::MappingReader& root, yaml::Problems& problems);

/// Nothing when the route's receiver is among `receivers`, else the error to report.
std::optional<base::Error> check_receiver(const Route& route,
                                          const std::vector<std::string>& receivers);

}  // namespace tocsin::routing
