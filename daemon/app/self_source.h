#pragma once

#include <functional>

#include "app/metrics.h"
#include "base/clock.h"
#include "sources/registry.h"
#include "sources/source.h"

namespace tocsin::app {

/// tocsin's own metrics as a source, read from the registry instead of over the network.
class SelfSource final : public sources::Source {
 public:
  /// `refresh` brings gauges up to date before they are read.
  SelfSource(const Metrics& metrics, const base::Clock& clock, std::function<void()> refresh);

  async::Task<sources::Batch> poll(sources::PollContext context) override;

 private:
  const Metrics& metrics_;
  const base::Clock& clock_;
  std::function<void()> refresh_;
};

/// Registers the backend `self`: `- self: {interval: 15s}`. Without metrics (for checks of a file)
/// its entries make no targets.
base::Status add_self_source(sources::Registry& registry, const Metrics* metrics,
                             std::function<void()> refresh);

}  // namespace tocsin::app
