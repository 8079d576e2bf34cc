#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "model/labels.h"
#include "model/matcher.h"

namespace tocsin::series {

/// The place of a series in the store's table.
using Slot = std::uint32_t;

struct SymbolHash {
  using is_transparent = void;
  std::size_t operator()(const model::Symbol& symbol) const { return (*this)(symbol.view()); }
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

struct SymbolEqual {
  using is_transparent = void;
  static std::string_view view(const model::Symbol& symbol) { return symbol.view(); }
  static std::string_view view(std::string_view text) { return text; }
  bool operator()(const auto& a, const auto& b) const { return view(a) == view(b); }
};

/// Keeps one text for each label name and value in use.
class SymbolTable {
 public:
  /// The same labels, made of the table's symbols.
  model::Labels intern(const model::Labels& labels);
  model::Symbol intern(const model::Symbol& symbol);
  /// Forgets symbols that nobody else holds.
  void sweep();

  std::size_t size() const { return symbols_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  boost::unordered_flat_set<model::Symbol, SymbolHash, SymbolEqual> symbols_;
  std::size_t bytes_ = 0;
};

/// Finds series by their labels: for each label name and value the ascending slots that have it.
class Index {
 public:
  /// Adds series; `labels_of(slot)` gives their labels. Slots may come in any order.
  void add(Slot slot, const model::Labels& labels);
  /// The same for one label of many series.
  void add(const model::Label& label, std::span<const Slot> slots);
  /// Has to follow a run of add() before the next look-up.
  void settle();
  /// Removes series, given as pairs of slot and labels.
  struct Removal {
    Slot slot;
    model::Labels labels;
  };
  void remove(std::span<const Removal> removals);

  /// A superset of the series that the matchers accept, ascending, and which of the matchers have
  /// still to be asked about each.
  struct Candidates {
    std::vector<Slot> slots;
    std::vector<const model::Matcher*> unanswered;
    /// No matcher narrowed it down: every series is a candidate and `slots` is empty.
    bool all = false;
  };
  Candidates find(const model::Matchers& matchers) const;

  std::size_t bytes() const { return bytes_; }

 private:
  struct Postings {
    std::vector<Slot> slots;
    std::size_t sorted = 0;  // so many from the front are in order
  };
  using Values = boost::unordered_flat_map<model::Symbol, Postings, SymbolHash, SymbolEqual>;

  void add(const model::Label& label, Postings& postings, Slot slot);
  /// The series whose label the matcher accepts, which does not accept an empty value.
  std::vector<Slot> select(const Values& values, const model::Matcher& matcher) const;

  boost::unordered_flat_map<model::Symbol, Values, SymbolHash, SymbolEqual> names_;
  std::vector<model::Label> unsettled_;
  std::size_t bytes_ = 0;
};

}  // namespace tocsin::series
