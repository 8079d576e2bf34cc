#include "promql/signature.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <tuple>
#include <utility>

namespace tocsin::promql {
namespace {

constexpr char kSeparator = '\xff';  // no byte of UTF-8

}  // namespace

Signature::Signature(bool keep, std::vector<std::string> labels, bool remember)
    : keep_(keep), remember_(remember), labels_(std::move(labels)) {
  if (!keep_) {
    labels_.emplace_back(model::kMetricName);
  }
  std::ranges::sort(labels_);
  const auto rest = std::ranges::unique(labels_);
  labels_.erase(rest.begin(), rest.end());
}

bool Signature::keeps(std::string_view label) const {
  return std::ranges::binary_search(labels_, label, std::less<>()) == keep_;
}

bool Signature::counts(std::string_view label, bool name_gone) const {
  return !(name_gone && goes_with_name(label)) && keeps(label);
}

void Signature::write_key(const model::Labels& labels, bool name_gone) {
  key_.clear();
  if (keep_) {
    for (const std::string& name : labels_) {
      if (counts(name, name_gone)) {
        key_ += labels.get(name);
      }
      key_ += kSeparator;
    }
    return;
  }
  for (const model::Label& label : labels) {
    if (counts(label.name.view(), name_gone)) {
      key_ += label.name.view();
      key_ += kSeparator;
      key_ += label.value.view();
      key_ += kSeparator;
    }
  }
}

Signature::Id Signature::id_of_key() {
  return ids_.try_emplace(key_, static_cast<Id>(ids_.size())).first->second;
}

std::size_t Signature::PlacesHash::operator()(const Places& places) const {
  std::size_t hash = 0;
  for (const void* place : places) {
    hash = hash * 0x9e3779b97f4a7c15U + std::bit_cast<std::uintptr_t>(place);
  }
  return hash;
}

Signature::Id Signature::id_by_places(const model::Labels& labels, bool name_gone) {
  Places places{};
  std::array<const model::Symbol*, std::tuple_size_v<Places>> values{};
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const auto found =
        std::ranges::find(labels, std::string_view(labels_[i]),
                          [](const model::Label& label) { return label.name.view(); });
    if (found != labels.end() && !(name_gone && goes_with_name(labels_[i]))) {
      values[i] = &found->value;
      places[i] = found->value.address();
    }
  }
  if (const auto known = by_places_.find(places); known != by_places_.end()) {
    ++worth_;
    return known->second;
  }
  --worth_;
  write_key(labels, name_gone);
  const Id id = id_of_key();
  by_places_.emplace(places, id);
  for (const model::Symbol* value : values) {
    if (value != nullptr) {
      texts_.push_back(*value);
    }
  }
  return id;
}

Signature::Id Signature::id(const model::Labels& labels, bool name_gone) {
  if (!remember_) {
    if (keep_ && labels_.size() <= std::tuple_size_v<Places> && worth_ > 0) {
      return id_by_places(labels, name_gone);
    }
    write_key(labels, name_gone);
    return id_of_key();
  }
  const auto [known, fresh] = known_[name_gone ? 1 : 0].try_emplace(labels);
  if (fresh) {
    write_key(labels, name_gone);
    known->second = id_of_key();
  }
  return known->second;
}

Signature::Id Signature::id_with(const model::Labels& labels, bool name_gone,
                                 std::string_view extra) {
  write_key(labels, name_gone);
  key_ += extra;
  return id_of_key();
}

const model::Labels& Signature::labels_of(Id id, const model::Labels& labels, bool name_gone) {
  auto& list = labels_by_id_[name_gone ? 1 : 0];
  if (list.size() <= id) {
    list.resize(ids_.size());
  }
  if (!list[id]) {
    list[id] = labels_of(labels, name_gone);
  }
  return *list[id];
}

model::Labels Signature::labels_of(const model::Labels& labels, bool name_gone) const {
  std::vector<model::Label> list;
  for (const model::Label& label : labels) {
    if (counts(label.name.view(), name_gone)) {
      list.push_back(label);
    }
  }
  return model::Labels(std::move(list));
}

}  // namespace tocsin::promql
