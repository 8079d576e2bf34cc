#include "notifiers/registry.h"

#include <utility>

#include "notifiers/email/email.h"
#include "notifiers/exec/exec.h"
#include "notifiers/log/log.h"
#include "notifiers/plugin/plugin.h"
#include "notifiers/slack/slack.h"
#include "notifiers/webhook/webhook.h"

namespace tocsin::notifiers {

base::Status Registry::add(Backend backend) {
  if (frozen_) {
    return base::Error(base::ErrorCode::kInternal, "the registry of notifiers is frozen");
  }
  const std::string kind = backend.kind;
  if (!backends_.emplace(kind, std::move(backend)).second) {
    return base::Error(base::ErrorCode::kAlreadyExists, "a second notifier of kind " + kind);
  }
  return {};
}

const Backend* Registry::find(std::string_view kind) const {
  const auto found = backends_.find(kind);
  return found == backends_.end() ? nullptr : &found->second;
}

std::vector<std::string> Registry::kinds() const {
  std::vector<std::string> kinds;
  kinds.reserve(backends_.size());
  for (const auto& [kind, backend] : backends_) {
    kinds.push_back(kind);
  }
  return kinds;
}

base::Status add_built_in(Registry& registry) {
  for (const auto& backend : {email::backend, exec::backend, log::backend, plugin::backend,
                              slack::backend, webhook::backend}) {
    base::Status added = registry.add(backend());
    if (!added) {
      return added;
    }
  }
  return {};
}

}  // namespace tocsin::notifiers
