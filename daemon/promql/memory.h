#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/duration.h"
#include "model/labels.h"
#include "promql/plan.h"
#include "promql/query.h"
#include "promql/signature.h"
#include "promql/window.h"

/// What an instant evaluation leaves behind for the next one of the same query. It changes no bit
/// of any result: what is remembered is used only where it gives what would be computed.
namespace tocsin::promql {

/// The window of a function over the range of one series.
struct KeptWindow {
  std::unique_ptr<SlidingWindow> window;
  std::uint64_t first = 0;  ///< numbers of the samples that it saw last
  std::uint64_t end = 0;

  /// The value for a range; see SlidingWindow::value(). The range may also have moved back.
  std::optional<double> value(const RangeInput& input, std::uint64_t number);
};

/// The groups into which the series of a selection fall.
class KeptGroups {
 public:
  KeptGroups(std::uint64_t version, Signature signature, std::size_t rows)
      : version_(version), signature_(std::move(signature)), by_row_(rows, kUnknown) {}

  std::uint64_t version() const { return version_; }
  /// The group of a series, which is `row` of the selection.
  std::uint32_t of(std::size_t row, const model::Labels& labels, bool name_gone);
  const model::Labels& labels(std::uint32_t group) const { return labels_[group]; }
  std::size_t size() const { return labels_.size(); }
  std::size_t rows() const { return by_row_.size(); }

 private:
  static constexpr std::uint32_t kUnknown = 0xffffffff;

  std::uint64_t version_;
  Signature signature_;
  std::vector<std::uint32_t> by_row_;
  std::vector<model::Labels> labels_;
};

class Memory {
 public:
  /// Of the function at a node, one for each series of its selection. They are forgotten when the
  /// list of series has another version than last time.
  std::vector<KeptWindow>& windows(NodeId node, std::uint64_t version, std::size_t series);
  /// Likewise of an aggregation.
  KeptGroups& groups(NodeId node, std::uint64_t version, std::size_t series, bool keep,
                     const std::vector<std::string>& labels);
  /// What was noted when the lists of a snapshot had these versions.
  std::optional<bool> noted(const std::vector<std::uint64_t>& versions) const {
    return versions == noted_versions_ ? noted_ : std::nullopt;
  }
  void note(std::vector<std::uint64_t> versions, bool fact) {
    noted_versions_ = std::move(versions);
    noted_ = fact;
  }

 private:
  struct Windows {
    std::uint64_t version = 0;
    std::vector<KeptWindow> list;
  };
  std::unordered_map<NodeId, Windows> windows_;
  std::unordered_map<NodeId, KeptGroups> groups_;
  std::vector<std::uint64_t> noted_versions_;
  std::optional<bool> noted_;
};

/// From so many samples on a window is kept; for fewer it costs more than it saves.
inline constexpr std::size_t kKeepWindowFrom = 48;

/// Whether every part of the query that reads series gains from a Memory: selectors, and functions
/// of ranges, at the evaluation time or an offset from it. Subqueries and what is computed step by
/// step go through all their samples each time.
bool is_incremental(const Query& query);

/// Whether the value stays what it is as long as no selector finds any series.
bool is_still_without_series(const Query& query);

/// How far back from the evaluation time each of the query's selections wants samples at hand; 0
/// where the newest one is enough. See series::Store::live().
std::vector<base::Duration> reach_at_hand(const Query& query);

}  // namespace tocsin::promql
