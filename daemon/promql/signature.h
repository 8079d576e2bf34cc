#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/labels.h"
#include "promql/ast.h"

namespace tocsin::promql {

/// Labels that say what a metric is: they go where its name goes.
inline constexpr std::string_view kMetricType = "__type__";
inline constexpr std::string_view kMetricUnit = "__unit__";
inline bool goes_with_name(std::string_view label) {
  return label == model::kMetricName || label == kMetricType || label == kMetricUnit;
}

/// Whether labels tell the type or unit of their metric.
inline bool carries_kind(const model::Labels& labels) {
  for (const model::Label& label : labels) {
    const std::string_view name = label.name.view();
    if (name == kMetricType || name == kMetricUnit) {
      return true;
    }
    if (name > kMetricUnit) {
      return false;
    }
  }
  return false;
}

/// Tells which elements belong together: those whose chosen labels have equal values. Used by
/// `on`, `ignoring`, `by` and `without`.
class Signature {
 public:
  /// Small numbers from 0 without gaps, one for each group of elements.
  using Id = std::uint32_t;

  /// `keep`: only the listed labels count (on, by). Otherwise all but these and the metric name.
  /// `remember`: the same labels will be asked for many times, as the steps of a subquery do.
  Signature(bool keep, std::vector<std::string> labels, bool remember);

  /// Equal for elements that belong together.
  Id id(const model::Labels& labels, bool name_gone = false);
  /// The same with one more value that has to be equal.
  Id id_with(const model::Labels& labels, bool name_gone, std::string_view extra);
  /// The labels that count.
  model::Labels labels_of(const model::Labels& labels, bool name_gone = false) const;
  /// The same for labels whose id() is known.
  const model::Labels& labels_of(Id id, const model::Labels& labels, bool name_gone = false);

  bool keeps(std::string_view label) const;

 private:
  /// Where the values of the few labels lie that a signature keeps. Series of a store share their
  /// texts, so that this tells them apart faster than what they say.
  using Places = std::array<const void*, 3>;
  struct PlacesHash {
    std::size_t operator()(const Places& places) const;
  };

  bool counts(std::string_view label, bool name_gone) const;
  Id id_by_places(const model::Labels& labels, bool name_gone);
  void write_key(const model::Labels& labels, bool name_gone);
  Id id_of_key();

  bool keep_;
  bool remember_;
  std::vector<std::string> labels_;  // sorted, each once
  std::string key_;
  std::unordered_map<std::string, Id> ids_;
  boost::unordered_flat_map<Places, Id, PlacesHash> by_places_;
  std::vector<model::Symbol> texts_;  // of those, lest others come to lie there
  std::int64_t worth_ = 64;           // falls while places turn out to be new
  // What was answered before, by name_gone.
  std::array<std::unordered_map<model::Labels, Id, model::LabelsHash>, 2> known_;
  std::array<std::vector<std::optional<model::Labels>>, 2> labels_by_id_;
};

/// The labels that an aggregation is asked to group by, or without which; with `without`, what goes
/// with the metric name is left out too.
inline std::vector<std::string> grouping_labels(const Aggregation& aggregation) {
  std::vector<std::string> labels = aggregation.labels;
  if (aggregation.without) {
    labels.emplace_back(kMetricType);
    labels.emplace_back(kMetricUnit);
  }
  return labels;
}

/// A map from ids to values that is emptied at no cost.
template <class T>
class IdMap {
 public:
  void clear() { ++round_; }

  /// The value of an id, which is `value` when there was none, and whether there was none.
  std::pair<T&, bool> try_emplace(Signature::Id id, T value) {
    if (slots_.size() <= id) {
      slots_.resize(id + 1);
    }
    Slot& slot = slots_[id];
    const bool fresh = slot.round != round_;
    if (fresh) {
      slot = {round_, std::move(value)};
    }
    return {slot.value, fresh};
  }
  const T* find(Signature::Id id) const {
    return id < slots_.size() && slots_[id].round == round_ ? &slots_[id].value : nullptr;
  }

 private:
  struct Slot {
    std::uint64_t round = 0;
    T value{};
  };
  std::vector<Slot> slots_;
  std::uint64_t round_ = 1;
};

/// What an aggregation or binary operator keeps from one step to the next.
struct Grouping {
  Grouping(bool keep, const std::vector<std::string>& labels, bool keep_results)
      : signature(keep, labels, keep_results), remember(keep_results) {}

  struct Joined {
    model::Labels one;
    model::Labels result;
  };

  Signature signature;
  IdMap<std::size_t> places;  ///< of groups, or of the elements of one side
  IdMap<bool> matched;
  /// Results of group_left and group_right, by the labels of the "many" side.
  std::unordered_map<model::Labels, Joined, model::LabelsHash> joined;
  bool remember;
};

}  // namespace tocsin::promql
