#include "app/backends.h"

#include <utility>

#include "app/self_source.h"
#include "base/check.h"

namespace tocsin::app {

std::unique_ptr<const Backends> make_backends(const Metrics* metrics,
                                              std::function<void()> refresh) {
  auto backends = std::make_unique<Backends>();
  for (const base::Status& added : {sources::add_built_in_sources(backends->sources),
                                    add_self_source(backends->sources, metrics, std::move(refresh)),
                                    notifiers::add_built_in(backends->notifiers)}) {
    TOCSIN_CHECK(added.has_value(), "two backends of one name");
  }
  backends->sources.freeze();
  backends->notifiers.freeze();
  return backends;
}

}  // namespace tocsin::app
