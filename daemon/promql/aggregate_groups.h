#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "promql/run.h"
#include "promql/signature.h"

namespace tocsin::promql {

/// The groups of an aggregation, numbered in the order in which they appear.
class Groups {
 public:
  Groups(const Run& run, const Aggregation& aggregation)
      : run_(run),
        everything_(!aggregation.without && aggregation.labels.empty()),
        signature_(!aggregation.without, grouping_labels(aggregation), false) {}

  /// The group of a column.
  std::size_t of(const Column& column) {
    const bool gone = run_.name_gone(column.drop_name);
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

  const Run& run_;
  bool everything_;
  Signature signature_;
  std::vector<Group> list_;
};

}  // namespace tocsin::promql
