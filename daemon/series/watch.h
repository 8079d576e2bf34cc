#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/matcher.h"
#include "series/snapshot.h"

namespace tocsin::series {

class LiveSeries;
class Watches;

/// The series that a list of matchers names, kept up as they appear and go. Main loop only; ends
/// when nobody holds it any more. See Store::live().
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(std::weak_ptr<Watches> watches, std::uint32_t id, model::Matchers matchers,
        std::int64_t keep_ms);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  const model::Matchers& matchers() const { return matchers_; }
  std::int64_t keep_ms() const { return keep_ms_; }

  /// Sorted by labels.
  std::shared_ptr<const Snapshot::List> list();
  /// See Snapshot::version(); as of the last list().
  std::uint64_t version() const { return version_; }
  /// Whether the newest samples of each series tell all: no series holds histograms.
  bool floats_only();

 private:
  friend class Watches;

  void add(std::shared_ptr<LiveSeries> series);
  void settle();

  std::weak_ptr<Watches> watches_;
  std::uint32_t id_;
  model::Matchers matchers_;
  std::int64_t keep_ms_;
  std::shared_ptr<Snapshot::List> list_;
  std::uint64_t version_ = 0;
  // Since the last list():
  std::vector<std::shared_ptr<LiveSeries>> added_;
  bool changed_ = true;
  bool histograms_ = false;  // some have come, maybe to series that are gone
};

/// What somebody watches: one for each of the selections.
using Watching = std::vector<std::shared_ptr<Watch>>;

struct WatchStats {
  std::size_t watches = 0;
  std::size_t series = 0;
  std::size_t bytes = 0;  ///< of samples that lie at hand
};

}  // namespace tocsin::series
