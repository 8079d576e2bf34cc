// One flipped bit anywhere in the file: the keeper opens, writes, and has what can be reached.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "blocks/keeper.h"
#include "keeper_world.h"

namespace tocsin::blocks {
namespace {

constexpr std::size_t kPage = 4096;
/// The list of all blocks may hide what it lists: then only the log is left.
constexpr std::size_t kBlockList = 6;
/// The root of all blocks, which name all series: only what no seal has covered could do without.
constexpr std::size_t kBlockBytes = 7;

class KeeperDamage : public KeeperWorld {
 protected:
  /// Runs SQL on the file, which nobody has open; gives the first number.
  std::int64_t meddle(const std::string& sql) {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(options_.path.c_str(), &handle), SQLITE_OK);
    std::int64_t number = 0;
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = values[0] != nullptr ? std::atoll(values[0]) : 0;
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), take, &number, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return number;
  }
  std::string bytes() const {
    std::ifstream file(options_.path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& bytes) const {
    for (const char* part : {"-wal", "-shm", ".damaged", ".damaged-wal"}) {
      std::filesystem::remove(options_.path + part);
    }
    std::ofstream(options_.path, std::ios::binary) << bytes;
  }
  /// Two seals of some blocks each, then some rows of the log. Closed.
  void make_file() {
    options_.slots_per_block = 15;
    open();
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < kRound; ++i) {
        append(kSeries, std::chrono::seconds(1));
      }
      ASSERT_TRUE(round < 2 ? loop_.run(keeper_->seal()) : loop_.run(keeper_->flush()));
    }
    for (int i = 0; i < 4; ++i) {
      append(kSeries, std::chrono::seconds(1));
      ASSERT_TRUE(loop_.run(keeper_->flush()));
    }
    close();
    meddle("pragma wal_checkpoint(truncate)");
  }
  std::size_t count_all() {
    std::size_t count = 0;
    for (int series = 0; series < kSeries; ++series) {
      for (const model::Sample& sample : samples(series)) {
        EXPECT_EQ(sample.value, value(series, sample.time_ms));
        ++count;
      }
    }
    return count;
  }
  /// Opens the damaged file and looks at everything. Returns how many samples are there.
  std::size_t check() {
    open();
    if (::testing::Test::HasFailure()) {
      return 0;
    }
    const std::size_t count = count_all();
    if (count < kSamples) {
      EXPECT_GT(keeper_->stats().damaged_total, 0U) << "what is missing is counted";
    }
    append(kSeries, std::chrono::seconds(1));
    bool written = false;
    for (int attempt = 0; attempt < 5 && !written; ++attempt) {
      written = loop_.run(keeper_->flush()).has_value();
    }
    EXPECT_TRUE(written) << "it is writable in the end";
    EXPECT_TRUE(keeper_->stats().writable);
    const std::size_t now = count_all();
    bool sealed = false;
    for (int attempt = 0; attempt < 5 && !sealed; ++attempt) {
      sealed = loop_.run(keeper_->seal()).has_value();
    }
    EXPECT_TRUE(sealed);
    kill_and_open();
    EXPECT_GE(count_all(), now) << "what memory had is kept";
    close();
    return count;
  }

  static constexpr int kSeries = 30;
  static constexpr int kRound = 80;
  static constexpr std::size_t kSamples = kSeries * (3 * kRound + 4);
};

TEST_F(KeeperDamage, AFlippedBitInTheHeadOfAnyPageCostsWhatLiesThereOnly) {
  make_file();
  const std::string sound = bytes();
  const std::int64_t now_ms = clock_.now_ms;
  const std::size_t pages = sound.size() / kPage;
  for (std::size_t page = 0; page < pages; ++page) {
    for (std::size_t at = 0; at < 100; at += at < 12 && page < 10 ? 1 : 29) {
      if (page == 0 && at >= 60 && at < 64) {
        continue;  // a newer version wrote it, as far as anybody can tell
      }
      SCOPED_TRACE("page " + std::to_string(page + 1) + ", byte " + std::to_string(at));
      std::string damaged = sound;
      damaged[page * kPage + at] = static_cast<char>(damaged[page * kPage + at] ^ 0x10);
      clock_.now_ms = now_ms;
      put(damaged);
      const std::size_t count = check();
      if (HasFailure()) {
        return;
      }
      const std::size_t least = page + 1 == kBlockList ? kSamples / 4 : kSamples / 2;
      if (count < least && page + 1 != kBlockBytes) {
        ADD_FAILURE() << count << " samples are left";
      }
    }
  }
}

TEST_F(KeeperDamage, TheSamplesOfTheLogOutliveABlockThatNamesTheirSeries) {
  options_.window = options_.min_window = std::chrono::minutes(1);  // a start reads one seal
  make_file();
  meddle("update block_bytes set payload = x'00' where id = (select max(id) from blocks)");
  const RestoreReport report = open();
  EXPECT_EQ(report.damaged_blocks, 1U);
  EXPECT_EQ(report.unknown_samples, 0U);
  expect_samples(29, kRound + kRound + 4);
  // The same once more: the log goes on with what it lacks.
  append(kSeries);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  EXPECT_EQ(kill_and_open().unknown_samples, 0U);
  expect_samples(29, kRound + kRound + 5);
}

TEST_F(KeeperDamage, TheSamplesOfTheLogOutliveARowThatNamesTheirSeries) {
  open();
  for (int i = 0; i < 3; ++i) {
    append(5);
    ASSERT_TRUE(loop_.run(keeper_->flush()));
  }
  close();
  meddle("update log set payload = x'00' where sequence = 1");
  const RestoreReport report = open();
  EXPECT_EQ(report.damaged_log_rows, 1U);
  EXPECT_EQ(report.unknown_samples, 0U);
  expect_samples(3, 2);
}

TEST_F(KeeperDamage, ANewSeriesIsNamedTwiceAfterItsFirstSealToo) {
  open();
  append(2);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  append(5);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  append(5);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  close();
  meddle("update block_bytes set payload = x'00' where id = (select max(id) from blocks)");
  EXPECT_EQ(open().unknown_samples, 0U);
  expect_samples(4, 1);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  append(5);
  ASSERT_TRUE(loop_.run(keeper_->seal()));
  close();
  EXPECT_EQ(meddle("select count(*) from names"), 1) << "of one more seal, no more";
}

TEST_F(KeeperDamage, AFileOfBeforeOpensAndGetsTheSecondCopies) {
  make_file();
  meddle("drop table names");
  meddle("drop table settings_again");
  open();
  EXPECT_EQ(count_all(), kSamples);
  append(kSeries + 1);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  close();
  EXPECT_GT(meddle("select count(*) from settings_again"), 0);
  EXPECT_EQ(meddle("select count(*) from names"), 1);
}

TEST_F(KeeperDamage, AFileThatBreaksAtRunTimeIsReplacedAndMemoryGoesIntoTheNewOne) {
  make_file();
  open();
  append(kSeries);
  ASSERT_TRUE(loop_.run(keeper_->flush()));
  // The whole file, under the keeper's hands; what SQLite has of it in memory it asks for no more.
  std::string broken = bytes();
  for (std::size_t at = kPage; at < broken.size(); ++at) {
    broken[at] = static_cast<char>(0x55);
  }
  {
    std::fstream file(options_.path, std::ios::binary | std::ios::in | std::ios::out);
    file.write(broken.data(), static_cast<std::streamsize>(broken.size()));
  }
  bool sealed = false;
  for (int attempt = 0; attempt < 20 && !(sealed && said("was moved aside")); ++attempt) {
    append(kSeries);
    sealed = loop_.run(keeper_->seal()).has_value();
  }
  EXPECT_TRUE(sealed);
  EXPECT_TRUE(said("was moved aside"));
  EXPECT_TRUE(keeper_->stats().writable);
  EXPECT_GT(keeper_->stats().damaged_total, 0U);
  const std::size_t had = count_all();
  EXPECT_GE(had, kSamples) << "memory has them all";
  kill_and_open();
  EXPECT_EQ(count_all(), had);
}

}  // namespace
}  // namespace tocsin::blocks
