#include "blocks/series_file.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "support/temporary_folder.h"

namespace tocsin::blocks {
namespace {

using base::ErrorCode;
using series::BlockInfo;

/// Runs SQL on a file that nobody has open.
void meddle(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
      << (error != nullptr ? error : "");
  sqlite3_close(handle);
}

class SeriesFileTest : public ::testing::Test {
 protected:
  static BlockInfo info(std::uint64_t id) {
    return {
        .id = id, .min_time_ms = -5, .max_time_ms = 1000, .series = 2, .samples = 30, .bytes = 4};
  }
  std::vector<std::string> rows(SeriesFile& file, std::uint64_t from) {
    std::vector<std::string> found;
    damaged_ = *file.read_log(
        from, [&](std::uint64_t, std::string_view bytes) { found.emplace_back(bytes); });
    return found;
  }

  tocsin::testing::TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/s.db";
  std::uint64_t damaged_ = 0;
};

TEST_F(SeriesFileTest, KeepsBlocksOverAnOpening) {
  {
    auto file = SeriesFile::open(path_);
    ASSERT_TRUE(file) << file.error().to_string();
    ASSERT_TRUE(file->put(info(7), std::string("a\0b", 3)));
    ASSERT_TRUE(file->put(info(3), ""));
    EXPECT_EQ(file->put(info(3), "x").error().code(), ErrorCode::kAlreadyExists);
  }
  auto file = SeriesFile::open(path_);
  EXPECT_EQ(*file->list(), (std::vector<BlockInfo>{info(3), info(7)}));
  EXPECT_EQ(*file->get(7), std::string("a\0b", 3));
  EXPECT_EQ(*file->get(3), "");
  EXPECT_EQ(file->get(4).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(file->drop(7));
  ASSERT_TRUE(file->drop(7));
  EXPECT_EQ(file->list()->size(), 1U);
}

TEST_F(SeriesFileTest, TellsABlockWithAFlippedBitAndSetsItAside) {
  SeriesFile::open(path_)->put(info(1), "abcdefgh").value();
  meddle(path_, "update block_bytes set payload = cast('abcdefgi' as blob)");
  auto file = SeriesFile::open(path_);
  EXPECT_EQ(file->get(1).error().code(), ErrorCode::kCorrupt);
  ASSERT_TRUE(file->quarantine(1));
  EXPECT_TRUE(file->list()->empty());
  EXPECT_EQ(file->get(1).error().code(), ErrorCode::kNotFound);
}

TEST_F(SeriesFileTest, LogsRowsInOrderAndForgetsThoseBeforeTheSeal) {
  auto file = SeriesFile::open(path_);
  EXPECT_EQ(*file->append_log("one"), 1U);
  EXPECT_EQ(*file->append_log("two"), 2U);
  EXPECT_EQ(*file->append_log("three"), 3U);
  EXPECT_EQ(rows(*file, 2), (std::vector<std::string>{"two", "three"}));
  EXPECT_EQ(*file->log_bytes(), 11U);
  ASSERT_TRUE(file->set_seal_point({.first_block = 5, .log_from = 4, .last_id = 9}));
  EXPECT_TRUE(rows(*file, 0).empty());
  EXPECT_EQ(*file->append_log("four"), 4U);
  EXPECT_EQ(*file->last_log_row(), 4U);
  EXPECT_EQ(file->seal_point()->first_block, 5U);
  EXPECT_EQ(file->seal_point()->log_from, 4U);
  EXPECT_EQ(file->seal_point()->last_id, 9U);
}

TEST_F(SeriesFileTest, SetsADamagedRowOfTheLogAside) {
  {
    auto file = SeriesFile::open(path_);
    file->append_log("one").value();
    file->append_log("two").value();
  }
  meddle(path_, "update log set payload = cast('ono' as blob) where sequence = 1");
  auto file = SeriesFile::open(path_);
  EXPECT_EQ(rows(*file, 0), std::vector<std::string>{"two"});
  EXPECT_EQ(damaged_, 1U);
  EXPECT_EQ(rows(*file, 0), std::vector<std::string>{"two"});
  EXPECT_EQ(damaged_, 0U);
}

TEST_F(SeriesFileTest, RemembersTheShift) {
  EXPECT_EQ(*SeriesFile::open(path_)->shift_ms(), 0);
  ASSERT_TRUE(SeriesFile::open(path_)->set_shift_ms(-3600'000));
  EXPECT_EQ(*SeriesFile::open(path_)->shift_ms(), -3600'000);
}

TEST_F(SeriesFileTest, RemembersWhenSomethingWasWrittenLast) {
  ASSERT_TRUE(SeriesFile::open(path_)->note_written(5000));
  ASSERT_TRUE(SeriesFile::open(path_)->note_written(4000));
  EXPECT_EQ(*SeriesFile::open(path_)->written_ms(), 5000);
  meddle(path_, "delete from settings where name = 'written_ms'");  // as versions before left it
  EXPECT_EQ(*SeriesFile::open(path_)->written_ms(), 0);
}

TEST_F(SeriesFileTest, SaysThatTheDiskIsFullAndGoesOnWhenItIsNot) {
  auto file = SeriesFile::open(path_);
  ASSERT_TRUE(file->limit_bytes(100'000));
  const std::string large(200'000, 'x');
  EXPECT_EQ(file->append_log(large).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(file->put(info(1), large).error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(file->list()->empty());
  ASSERT_TRUE(file->limit_bytes(10'000'000));
  EXPECT_TRUE(file->append_log(large));
  EXPECT_TRUE(file->put(info(1), large));
}

TEST_F(SeriesFileTest, GivesSpaceBack) {
  auto file = SeriesFile::open(path_);
  ASSERT_TRUE(file->put(info(1), std::string(1'000'000, 'x')));
  ASSERT_TRUE(file->drop(1));
  EXPECT_TRUE(file->vacuum());
}

TEST_F(SeriesFileTest, RefusesWhatIsNotItsOwn) {
  meddle(path_, "create table t (x)");
  EXPECT_EQ(SeriesFile::open(path_).error().code(), ErrorCode::kInvalidInput);
  const std::string newer = folder_.path() + "/newer.db";
  ASSERT_TRUE(SeriesFile::open(newer));
  meddle(newer, "pragma user_version = 99");
  EXPECT_EQ(SeriesFile::open(newer).error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(SeriesFile::open(folder_.path() + "/none/s.db").error().code(), ErrorCode::kDenied);
}

TEST_F(SeriesFileTest, BelongsToOneProcessAlone) {
  auto file = SeriesFile::open(path_);
  ASSERT_TRUE(file->append_log("x"));
  EXPECT_EQ(SeriesFile::open(path_).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tocsin::blocks
