#pragma once

#include <string>

#include "base/clock.h"
#include "base/duration.h"

namespace tocsin::app {

/// The metrics of an invented food-delivery shop whose partner refuses orders for a while: what
/// the demonstration watches. Pure: a function of the time since its start.
class DemoShop {
 public:
  struct Script {
    base::Duration healthy{0};  ///< before the failure
    base::Duration failing{0};  ///< length of the failure; afterwards all is well
    int failures_per_second = 0;
  };

  explicit DemoShop(Script script) : script_(script) {}

  /// The page of /metrics after `elapsed`, text format 0.0.4.
  std::string page(base::Duration elapsed) const;

  /// How many partner orders have failed after `elapsed`.
  double failures(base::Duration elapsed) const;

 private:
  Script script_;
};

}  // namespace tocsin::app
