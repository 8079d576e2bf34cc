#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/labels.h"

namespace tocsin::promql {

/// Tells which elements belong together: those whose chosen labels have equal values. Used by
/// `on`, `ignoring`, `by` and `without`.
class Signature {
 public:
  /// `keep`: only the listed labels count (on, by). Otherwise all but these and the metric name.
  Signature(bool keep, std::vector<std::string> labels);

  /// A key that is equal for elements that belong together; valid until the next call.
  const std::string& key(const model::Labels& labels, bool name_gone = false);
  /// The labels that count.
  model::Labels labels_of(const model::Labels& labels, bool name_gone = false) const;

  bool keeps(std::string_view label) const;

 private:
  bool counts(std::string_view label, bool name_gone) const;

  bool keep_;
  std::vector<std::string> labels_;  // sorted, each once
  std::string key_;
};

}  // namespace tocsin::promql
