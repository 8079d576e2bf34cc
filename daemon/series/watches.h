#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "series/matcher_index.h"
#include "series/recent.h"
#include "series/store_impl.h"
#include "series/watch.h"

namespace tocsin::series {

/// A series that somebody watches, with its newest samples. Main loop only.
class LiveSeries final : public PinnedSamples {
 public:
  LiveSeries(const Store::Impl& store, Series& series) : store_(store), series_(&series) {}

  void read(std::int64_t min_time_ms, std::int64_t max_time_ms,
            std::vector<model::Sample>& out) const override;
  std::optional<model::Sample> newest(std::int64_t min_time_ms,
                                      std::int64_t max_time_ms) const override;
  std::optional<AtHand> at_hand(std::int64_t min_time_ms, std::int64_t max_time_ms) const override;

 private:
  friend class Watch;
  friend class Watches;

  const Store::Impl& store_;
  Series* series_;  // null once it is dropped
  Recent recent_;
  std::int64_t keep_ms_ = 0;
  std::vector<Watch*> watches_;
};

/// Who watches which series. Times are true ones here, not those that the store keeps.
class Watches : public std::enable_shared_from_this<Watches> {
 public:
  explicit Watches(Store::Impl& store) : store_(store) {}

  std::shared_ptr<Watch> watch(const model::Matchers& matchers, std::int64_t keep_ms);

  // What happens in the store, with its lock held.
  void created(Series& series);
  void dropped(Series& series);
  /// Its origin is another one now.
  void moved(Series& series);
  void appended(LiveSeries& live, model::Sample kept);
  void replaced(LiveSeries& live, model::Sample kept);
  static void got_histograms(LiveSeries& live);
  void shifted(std::int64_t delta_ms);

  WatchStats stats() const;

 private:
  friend class Watch;

  void join(Watch& watch, Series& series);
  void leave(Watch& watch);
  void keep(LiveSeries& live, std::int64_t keep_ms);
  void fill(LiveSeries& live);
  /// Nothing of this series lies at hand while there is too much of that.
  void bound(LiveSeries& live);

  Store::Impl& store_;
  MatcherIndex index_;
  std::vector<Watch*> by_id_;  // null where the id is free
  std::map<std::string, Watch*> by_matchers_;
  boost::unordered_flat_map<SeriesRef, std::shared_ptr<LiveSeries>> live_;
  std::size_t bytes_ = 0;
  std::uint64_t versions_ = 0;
};

}  // namespace tocsin::series
