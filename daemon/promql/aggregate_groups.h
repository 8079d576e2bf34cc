#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "promql/memory.h"
#include "promql/run.h"
#include "promql/signature.h"

namespace tocsin::promql {

/// What is remembered of the groups into which an aggregation puts the series of a selection; null
/// where nothing is, or where the labels of a series do not tell its group.
KeptGroups* kept_groups(const Run& run, const PlanNode& node);

/// The groups of an aggregation, numbered in the order in which they appear.
class Groups {
 public:
  Groups(const Run& run, const Aggregation& aggregation, KeptGroups* kept = nullptr)
      : run_(run),
        everything_(!aggregation.without && aggregation.labels.empty()),
        signature_(!aggregation.without, grouping_labels(aggregation), false),
        kept_(everything_ ? nullptr : kept) {}

  /// The group of a column.
  std::size_t of(const Column& column) {
    const bool gone = run_.name_gone(column.drop_name);
    if (kept_ != nullptr) {
      return of_row(column, gone);
    }
    const std::size_t id = everything_ ? 0 : signature_.id(column.labels, gone);
    if (id == list_.size()) {
      list_.push_back(
          {everything_ ? model::Labels() : signature_.labels_of(column.labels, gone), false});
    }
    // With names that go at the end of the evaluation only.
    list_[id].drop_name = list_[id].drop_name || (column.drop_name && !gone);
    return id;
  }

  std::size_t size() const { return list_.size(); }
  const model::Labels& labels(std::size_t group) const { return list_[group].labels; }
  bool drop_name(std::size_t group) const { return list_[group].drop_name; }

 private:
  struct Group {
    model::Labels labels;
    bool drop_name;
  };

  std::size_t of_row(const Column& column, bool gone) {
    const std::uint32_t kept = kept_->of(column.row, column.labels, gone);
    if (kept >= places_.size()) {
      places_.resize(kept_->size(), kNoRow);
    }
    std::size_t& place = places_[kept];
    if (place == kNoRow) {
      place = list_.size();
      list_.push_back({kept_->labels(kept), false});
    }
    list_[place].drop_name = list_[place].drop_name || (column.drop_name && !gone);
    return place;
  }

  const Run& run_;
  bool everything_;
  Signature signature_;
  KeptGroups* kept_;
  std::vector<std::size_t> places_;  // of the groups that are remembered
  std::vector<Group> list_;
};

}  // namespace tocsin::promql
