#pragma once

#include "model/alert.h"

namespace tocsin::model {

/// Whether the alert fires after the change: it began to, or goes on with other annotations.
inline bool is_firing(const AlertChange& change) {
  return (change.transition == AlertTransition::kFired ||
          change.transition == AlertTransition::kUpdated) &&
         change.alert.state == AlertState::kFiring && !change.alert.resolved();
}

/// Whether the change ended the alert.
inline bool is_cleared(const AlertChange& change) {
  return change.transition == AlertTransition::kResolved ||
         change.transition == AlertTransition::kGone;
}

}  // namespace tocsin::model
