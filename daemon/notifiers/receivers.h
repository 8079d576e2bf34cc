#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "notifiers/integration.h"
#include "notifiers/registry.h"
#include "yaml/document.h"

namespace tocsin::notifiers {

/// One entry of `<kind>_configs`.
struct NamedIntegration {
  std::string id;  ///< "slack[0]": kind and index within the receiver
  std::unique_ptr<Integration> integration;
};

/// One entry of `receivers:`.
struct Receiver {
  std::string name;
  std::vector<NamedIntegration> integrations;
  base::Position position;
};

/// Decodes the list `receivers:`. Every fault is reported with its place: unknown keys and kinds,
/// kinds that are not supported yet, missing and duplicate names.
std::vector<Receiver> decode_receivers(const yaml::Node& list, const Registry& registry,
                                       DecodeContext& context);

/// A notifier that is ready to deliver.
struct BuiltIntegration {
  std::string id;  ///< model::Notice::integration
  bool send_resolved = true;
  std::unique_ptr<Notifier> notifier;
};

/// Makes every receiver's notifiers, in file order. The receivers must outlive them.
std::map<std::string, std::vector<BuiltIntegration>> build(const std::vector<Receiver>& receivers,
                                                           const Parts& parts);

}  // namespace tocsin::notifiers
