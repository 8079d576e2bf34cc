#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "model/alert.h"
#include "model/record.h"

namespace tocsin::testing {

/// What rules say when an alert begins to fire.
inline model::AlertChange fired(base::WallTime at, model::Labels labels,
                                model::Labels annotations = {}) {
  model::Alert alert;
  alert.labels = std::move(labels);
  alert.annotations = std::move(annotations);
  alert.state = model::AlertState::kFiring;
  alert.value = 1;
  alert.active_at = at;
  alert.fired_at = at;
  return {model::AlertTransition::kFired, std::move(alert)};
}

/// What rules say when it stops.
inline model::AlertChange resolved(base::WallTime at, model::Labels labels) {
  model::AlertChange change = fired(at, std::move(labels));
  change.transition = model::AlertTransition::kResolved;
  change.alert.state = model::AlertState::kInactive;
  change.alert.resolved_at = at;
  return change;
}

/// A record as it comes back from a journal: through text.
inline model::Record through_text(model::Record record) {
  record.payload = boost::json::parse(boost::json::serialize(record.payload)).as_object();
  return record;
}

}  // namespace tocsin::testing
