#include "sources/registry.h"

#include <set>
#include <utility>

#include "base/text.h"

namespace tocsin::sources {

base::Status Registry::add(std::string name, SourceDecoder decoder) {
  if (frozen_) {
    return base::Error(base::ErrorCode::kDenied, "sources are registered before the start only");
  }
  if (decoders_.contains(name)) {
    return base::Error(base::ErrorCode::kAlreadyExists,
                       "there is a source " + base::quote(name) + " already");
  }
  decoders_.emplace(std::move(name), std::move(decoder));
  return {};
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  names.reserve(decoders_.size());
  for (const auto& [name, decoder] : decoders_) {
    names.push_back(name);
  }
  return names;
}

std::vector<std::unique_ptr<SourceConfig>> Registry::decode(const yaml::Node& list,
                                                            const ScrapeGlobals& globals,
                                                            const http_config::ConfigFiles& config,
                                                            yaml::Problems& problems) const {
  std::vector<std::unique_ptr<SourceConfig>> sources;
  if (list.is_null()) {
    return sources;
  }
  if (list.kind() != yaml::NodeKind::kSequence) {
    problems.add(list, "sources: expected a list, found " + yaml::describe(list));
    return sources;
  }
  std::set<std::string> keys;
  const yaml::Node nothing;
  for (const yaml::Node& item : list.items()) {
    const bool bare = item.kind() == yaml::NodeKind::kScalar;
    const bool named = item.kind() == yaml::NodeKind::kMapping && item.entries().size() == 1;
    if (!bare && !named) {
      problems.add(item,
                   "sources: expected one kind of source per entry, such as \"- system: "
                   "{interval: 5s}\", found " +
                       yaml::describe(item));
      continue;
    }
    const std::string name = bare ? item.text() : item.entries().front().first.text();
    const auto decoder = decoders_.find(name);
    if (decoder == decoders_.end()) {
      problems.add(item, "sources: unknown kind " + base::quote(name) + ", expected one of " +
                             base::join(names(), ", "));
      continue;
    }
    const yaml::Node& node = bare ? nothing : item.entries().front().second;
    auto source = decoder->second({node, globals, config}, problems);
    if (source && !keys.insert(source->key()).second) {
      problems.add(item, "sources: " + source->key() + " is there twice");
    } else if (source) {
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

}  // namespace tocsin::sources
