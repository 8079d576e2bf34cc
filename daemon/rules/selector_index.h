#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/labels.h"
#include "model/matcher.h"

namespace tocsin::rules {

/// The metric names that the matchers pin (`x`, `{__name__="x"}`, `{__name__=~"x|y"}`); nothing
/// when series of any name can match.
std::optional<std::vector<std::string>> pinned_names(const model::Matchers& matchers);

/// The selectors of rules by the metric names that they pin.
class SelectorIndex {
 public:
  struct Entry {
    std::size_t rule;
    model::Matchers matchers;
  };

  void add(std::size_t rule, const model::Matchers& matchers);
  /// The selectors that may match series of this name; those of any name are in any_name().
  const std::vector<Entry>& with_name(std::string_view name) const;
  const std::vector<Entry>& any_name() const { return any_name_; }

 private:
  std::map<std::string, std::vector<Entry>, std::less<>> by_name_;
  std::vector<Entry> any_name_;
};

}  // namespace tocsin::rules
