#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert.h"
#include "model/labels.h"
#include "routing/config.h"

namespace tocsin::routing {

/// Receiver name and group key: what makes a group.
using GroupId = std::pair<std::string, std::string>;

/// What one integration has been told of a group: the entry of Alertmanager's notification log.
struct Told {
  std::set<std::uint64_t> firing;  ///< fingerprints of alerts that it knows as firing
  base::WallTime at;               ///< of the last notice
  bool refused = false;            ///< the receiver did not take it: to be told again
};

/// Alerts of one receiver with the same group labels, and when they were looked at.
struct Group {
  model::Labels labels;
  std::map<std::uint64_t, model::Alert> alerts;  ///< by fingerprint; resolved ones until a flush
  std::map<std::string, Told> told;              ///< by integration
  base::WallTime created;
  std::optional<base::WallTime> flushed;  ///< the last look; nothing before the first
  std::uint64_t flushes = 0;
  std::optional<base::WallTime> changed;  ///< first change since the last look

  bool has_firing() const;
};

/// The labels of an alert that name its group.
model::Labels group_labels(const Route& route, const model::Labels& labels);

/// `{}:{alertname="X", job="y"}`: the default route's matchers, then the group labels.
std::string group_key(const model::Labels& group_labels);

boost::json::object to_json(const Group& group);
base::Result<Group> group_from_json(const boost::json::value& json);

}  // namespace tocsin::routing
