#include "promql/signature.h"

#include <algorithm>
#include <utility>

namespace tocsin::promql {
namespace {

constexpr char kSeparator = '\xff';  // no byte of UTF-8

}  // namespace

Signature::Signature(bool keep, std::vector<std::string> labels)
    : keep_(keep), labels_(std::move(labels)) {
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
  return !(name_gone && label == model::kMetricName) && keeps(label);
}

const std::string& Signature::key(const model::Labels& labels, bool name_gone) {
  key_.clear();
  if (keep_) {
    for (const std::string& name : labels_) {
      if (counts(name, name_gone)) {
        key_ += labels.get(name);
      }
      key_ += kSeparator;
    }
    return key_;
  }
  for (const model::Label& label : labels) {
    if (counts(label.name.view(), name_gone)) {
      key_ += label.name.view();
      key_ += kSeparator;
      key_ += label.value.view();
      key_ += kSeparator;
    }
  }
  return key_;
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
