#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <memory>

#include "base/random.h"
#include "series/block.h"
#include "series/extract.h"
#include "series/log.h"
#include "series/store.h"

namespace tocsin::series {
namespace {

using model::Labels;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

/// The store's promises in their plainest form: a map of maps, copied to make a batch.
struct NaiveStore {
  std::map<Labels, std::map<std::int64_t, double>> series;
  /// Older samples are refused.
  std::int64_t accepted_from = kMin;
  bool newest_only = false;  // may be replaced

  AppendOutcome append(const Labels& labels, model::Sample sample, bool replace) {
    if (sample.time_ms < accepted_from) {
      return AppendOutcome::kTooOld;
    }
    const auto found = series.find(labels);
    if (found == series.end() || found->second.rbegin()->first < sample.time_ms) {
      series[labels][sample.time_ms] = sample.value;
      return AppendOutcome::kStored;
    }
    auto& samples = found->second;
    const auto same = samples.find(sample.time_ms);
    const bool newest = same != samples.end() && std::next(same) == samples.end();
    if (same == samples.end() || (!newest && (!replace || newest_only))) {
      return AppendOutcome::kOutOfOrder;
    }
    if (bits(same->second) == bits(sample.value)) {
      return AppendOutcome::kDuplicate;
    }
    if (!replace) {
      return AppendOutcome::kConflict;
    }
    same->second = sample.value;
    return AppendOutcome::kReplaced;
  }

  bool ends_at(const Labels& labels, std::int64_t time) const {
    const auto found = series.find(labels);
    return found != series.end() && found->second.rbegin()->first == time;
  }

  void expire(std::int64_t before) {
    accepted_from = std::max(accepted_from, before);
    for (auto& [labels, samples] : series) {
      samples.erase(samples.begin(), samples.lower_bound(before));
    }
    std::erase_if(series, [](const auto& entry) { return entry.second.empty(); });
  }
};

constexpr base::Duration kRetention = std::chrono::milliseconds(1000);

/// What outlives a store: blocks, and the log of what came after them.
struct Disk {
  struct Stored {
    BlockInfo info;
    std::shared_ptr<const std::string> blob;
  };
  std::vector<Stored> blocks;
  std::vector<std::string> log;
  std::uint32_t last_id = 0;

  const Stored& block(std::uint64_t id) const {
    return *std::ranges::find(blocks, id, [](const Stored& stored) { return stored.info.id; });
  }
};

/// A store and its model, driven by the same random operations. When durable, the store keeps a
/// fifth of its retention in memory and the rest in blocks, and starts anew now and then.
class Twins {
 public:
  Twins(std::uint64_t seed, bool durable) : random_(seed), durable_(durable) {
    naive_.newest_only = durable;
    open();
  }

  void step() {
    const std::uint64_t choice = random_.below(20);
    if (durable_) {
      log();
      const std::uint64_t event = random_.below(12);
      if (event == 0) {
        seal();
      } else if (event == 1) {
        restart();
      }
    }
    if (choice == 0) {
      const auto now = base::from_millis(time_);
      store_->expire(now);
      expired_ = time_ - kRetention.count();
      naive_.expire(expired_);
      refuse_before(naive_.accepted_from);
    } else {
      batch(choice < 17);
    }
    compare();
  }

 private:
  Labels random_labels() {
    model::LabelsBuilder builder;
    builder.set("__name__", "m" + std::to_string(random_.below(3)));
    builder.set("a", std::to_string(random_.below(4)));
    if (random_.below(2) == 0) {
      builder.set("b", "x" + std::to_string(random_.below(3)));
    }
    return builder.build();
  }

  double random_value() {
    switch (random_.below(4)) {
      case 0:
        return model::stale_marker();
      case 1:
        return std::bit_cast<double>(random_.next());
      default:
        return static_cast<double>(random_.below(3));
    }
  }

  void batch(bool commit) {
    NaiveStore copy = naive_;
    Appender appender = store_->appender(0);
    const std::uint64_t count = random_.below(40);
    for (std::uint64_t i = 0; i < count; ++i) {
      time_ += static_cast<std::int64_t>(random_.below(4));
      const Labels labels = random_labels();
      const bool late = random_.below(4) == 0;
      const std::int64_t time =
          late ? time_ - static_cast<std::int64_t>(random_.below(1500)) : time_;
      const model::Sample sample{time, random_value()};
      if (durable_ && time < time_ && copy.ends_at(labels, time)) {
        continue;  // its last sample may have left memory: refused or not, nothing is lost
      }
      const bool replace = random_.below(3) == 0;
      const AppendOutcome want = copy.append(labels, sample, replace);
      const AppendOutcome got =
          replace ? *appender.put(labels, sample) : *appender.append(labels, sample);
      ASSERT_EQ(static_cast<int>(got), static_cast<int>(want)) << labels.to_string() << time;
    }
    if (commit) {
      appender.commit();
      naive_ = std::move(copy);
    }
  }

  model::Matchers random_matchers() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> kValues = {
        {"__name__", {"m0", "m1|m2", "m[12]", "m7", ""}},
        {"a", {"0", "1|3", "[0-2]", ".*", ""}},
        {"b", {"x0", "x1|x2", "x.", ".+", "", "x0|"}},
        {"c", {"", "1", ".*"}},
    };
    model::Matchers matchers;
    for (std::uint64_t count = random_.below(4); count > 0; --count) {
      const auto& [name, values] = kValues[random_.below(kValues.size())];
      matchers.push_back(*model::Matcher::make(static_cast<model::MatchKind>(random_.below(4)),
                                               name, values[random_.below(values.size())]));
    }
    return matchers;
  }

  void compare() {
    const std::int64_t from = random_.below(2) == 0 ? kMin : time_ - 700;
    const std::int64_t to = random_.below(2) == 0 ? kMax : time_ - 200;
    const Selection selection{random_matchers(), from, to};
    const std::vector<Provision> older = read_blocks(selection);
    const Snapshot snapshot = store_->snapshot({&selection, 1}, older);
    std::vector<Labels> want;
    for (const auto& [labels, samples] : naive_.series) {
      if (model::match_all(selection.matchers, labels)) {
        want.push_back(labels);
      }
    }
    std::vector<PinnedSeries> shown(snapshot.series(0).begin(), snapshot.series(0).end());
    if (durable_) {
      // Series without samples in the range may be shown or not: those in memory are, those that
      // are in blocks only are not.
      const auto empty = [&](const Labels& labels) {
        const auto all = naive_.series.find(labels);
        return all == naive_.series.end() ||
               all->second.lower_bound(from) == all->second.upper_bound(to);
      };
      std::erase_if(want, empty);
      std::erase_if(shown, [&](const PinnedSeries& series) { return empty(series.labels); });
    }
    ASSERT_EQ(shown.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      const PinnedSeries& series = shown[i];
      ASSERT_EQ(series.labels, want[i]);
      std::vector<model::Sample> got;
      series.samples->read(from, to, got);
      const auto& all = naive_.series[want[i]];
      auto expected = all.lower_bound(from);
      const auto end = all.upper_bound(to);
      for (const model::Sample& sample : got) {
        ASSERT_TRUE(expected != end);
        ASSERT_EQ(sample.time_ms, expected->first);
        ASSERT_EQ(bits(sample.value), bits(expected->second));
        ++expected;
      }
      ASSERT_TRUE(expected == end);
      const auto newest = series.samples->newest(from, to);
      ASSERT_EQ(newest.has_value(), !got.empty());
      if (newest) {
        ASSERT_EQ(newest->time_ms, got.back().time_ms);
        ASSERT_EQ(bits(newest->value), bits(got.back().value));
      }
    }
    if (!durable_) {
      ASSERT_EQ(store_->stats().series, naive_.series.size());
    }
  }

  void open() {
    store_ = std::make_unique<Store>(StoreOptions{.retention = kRetention,
                                                  .durable = durable_,
                                                  .window = kRetention / 5,
                                                  .accept_late = kRetention / 2});
  }

  void log() {
    const LogBatch batch = store_->take_log();
    if (!batch.empty()) {
      disk_.log.push_back(encode_log(batch));
    }
  }

  /// Seals all series, two ranges of slots apart, with a batch in between.
  void seal() {
    log();
    const std::size_t log_from = disk_.log.size();
    first_block_ = next_block_;
    disk_.last_id = store_->last_id();
    store_->begin_sealing();
    const std::uint32_t slots = store_->slots();
    for (std::uint32_t from = 0; from < slots; from += slots / 2 + 1) {
      const auto unsealed = store_->unsealed(from, std::min(slots, from + slots / 2 + 1));
      batch(true);  // commits what the pins do not show
      put_block(unsealed);
    }
    store_->end_sealing();
    disk_.log.erase(disk_.log.begin(), disk_.log.begin() + static_cast<std::ptrdiff_t>(log_from));
  }

  void put_block(const std::vector<Unsealed>& unsealed) {
    std::vector<BlockSeries> encoded;
    std::vector<Sealed> sealed;
    BlockInfo info{.id = next_block_++, .min_time_ms = kMax, .max_time_ms = kMin};
    for (const Unsealed& one : unsealed) {
      Points points;
      if (one.any) {
        one.samples->read_points(one.from_ms, kMax, points);
      }
      const std::vector<model::Sample>& samples = points.floats;
      for (const model::Sample& sample : samples) {
        info.min_time_ms = std::min(info.min_time_ms, sample.time_ms);
        info.max_time_ms = std::max(info.max_time_ms, sample.time_ms);
      }
      encoded.push_back(
          encode_series(static_cast<std::uint32_t>(one.ref >> 32), one.labels, points));
      if (!samples.empty()) {
        sealed.push_back({one.ref, samples.back()});
      }
    }
    disk_.blocks.push_back({info, std::make_shared<const std::string>(encode_block(encoded))});
    store_->history().add(info);
    store_->sealed(sealed);
  }

  /// As after a kill: memory is gone, the disk is there. The blocks of the last seal come back, and
  /// a random number of those before.
  void restart() {
    log();
    open();
    std::vector<BlockInfo> infos;
    RestoredRefs refs;
    store_->set_last_id(disk_.last_id);
    std::int64_t floor = kMin;
    const std::uint64_t from = first_block_ - std::min(first_block_, random_.below(3));
    for (const Disk::Stored& stored : disk_.blocks) {
      infos.push_back(stored.info);
      if (stored.info.id >= from) {
        store_->restore(*Block::parse(stored.blob), stored.info.id >= first_block_, refs);
      } else {
        floor = std::max(floor, stored.info.max_time_ms + 1);
      }
    }
    store_->set_memory_floor(floor);
    store_->history().set_blocks(infos);
    for (const std::string& row : disk_.log) {
      ASSERT_EQ(store_->replay(*decode_log(row), refs), 0U);
    }
    // Retention is known again with the first look at the clock.
    store_->expire(base::from_millis(expired_ + kRetention.count()));
    refuse_before(floor);
  }

  /// Later than half the retention takes no more samples, be they in memory or not.
  void refuse_before(std::int64_t floor) {
    if (durable_) {
      naive_.accepted_from = std::max(floor, expired_ + kRetention.count() / 2);
    }
  }

  std::vector<Provision> read_blocks(const Selection& selection) {
    std::vector<Provision> provisions;
    for (const BlockNeed& need : store_->needs({&selection, 1})) {
      const auto block = Block::parse(disk_.block(need.block.id).blob);
      provisions.push_back({need.key, Extract::make(need.block.id, *block, need.matchers)});
    }
    if (random_.below(2) == 0) {
      store_->history().provide(provisions);
    }
    return provisions;
  }

  base::SeededRandom random_;
  bool durable_;
  std::unique_ptr<Store> store_;
  Disk disk_;
  std::uint64_t next_block_ = 1;
  std::uint64_t first_block_ = 1;
  std::int64_t expired_ = -1'000'000;
  NaiveStore naive_;
  std::int64_t time_ = 100'000;
};

void run(bool durable) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Twins twins(seed, durable);
    for (int i = 0; i < 150 && !testing::Test::HasFatalFailure(); ++i) {
      twins.step();
    }
  }
}

TEST(StoreModel, BehavesAsAMapOfMaps) { run(false); }

TEST(StoreModel, BehavesSoOverMemoryBlocksAndRestarts) { run(true); }

}  // namespace
}  // namespace tocsin::series
