#pragma once

#include <functional>
#include <memory>

#include "app/config.h"
#include "app/metrics.h"

namespace tocsin::app {

/// Registers every source and notifier that this program has, by name, and freezes the registries.
/// `metrics` and `refresh` serve the source `self`; a check of a file needs neither.
std::unique_ptr<const Backends> make_backends(const Metrics* metrics = nullptr,
                                              std::function<void()> refresh = {});

}  // namespace tocsin::app
