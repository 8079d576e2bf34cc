// Blocks and log rows: what is written comes back, and damaged bytes are told without harm.
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "base/random.h"
#include "series/block.h"
#include "series/extract.h"
#include "series/history.h"
#include "series/log.h"

namespace tocsin::series {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

model::HistogramSample some_histogram(std::int64_t time_ms, int seed) {
  if (seed % 11 == 10) {
    return {time_ms, model::stale_histogram()};
  }
  auto histogram = std::make_shared<model::Histogram>();
  histogram->schema = seed % 3 == 0 ? model::Histogram::kCustomSchema : seed % 9 - 1;
  histogram->reset = static_cast<model::CounterReset>(seed % 4);
  histogram->zero_threshold = 1e-128;
  histogram->zero_count = seed;
  histogram->count = 3.5 * seed;
  histogram->sum = -0.1 * seed;
  for (int bucket = 0; bucket < seed % 6; ++bucket) {
    histogram->positive.push_back({bucket * 3 - 7, bucket * 0.5 + seed});
    histogram->negative.push_back({bucket * 300 - 500, 1.0 * bucket});
  }
  if (histogram->is_custom()) {
    histogram->bounds = {0.1, 0.5, 1, 5};
  }
  return {time_ms, std::move(histogram), seed % 2 == 0 ? 0 : time_ms - 60'000};
}

void expect_same(const model::HistogramSample& a, const model::HistogramSample& b) {
  EXPECT_EQ(a.time_ms, b.time_ms);
  EXPECT_EQ(a.start_ms, b.start_ms);
  EXPECT_EQ(a.histogram->is_stale(), b.histogram->is_stale());
  EXPECT_EQ(a.histogram->reset, b.histogram->reset);
  EXPECT_EQ(a.histogram->schema, b.histogram->schema);
  EXPECT_EQ(a.histogram->bounds, b.histogram->bounds);
  EXPECT_EQ(a.histogram->zero_threshold, b.histogram->zero_threshold);
  EXPECT_EQ(a.histogram->count, b.histogram->count);
  EXPECT_TRUE(a.histogram->is_stale() || model::same_distribution(*a.histogram, *b.histogram));
}

void flip_a_bit(std::string& bytes, base::Random& random) {
  char& byte = bytes[random.below(bytes.size())];
  byte = static_cast<char>(byte ^ (1 << random.below(8)));
}

std::vector<BlockSeries> some_series(int count) {
  std::vector<BlockSeries> list;
  for (int i = 0; i < count; ++i) {
    Points points;
    for (int sample = 0; sample < i; ++sample) {
      points.floats.push_back({1000 * sample + i, sample * 1.5 + i});
    }
    for (int sample = 0; sample < i % 4; ++sample) {
      points.histograms.push_back(some_histogram(1000 * sample + i + 500, i));
    }
    list.push_back(encode_series(
        static_cast<std::uint32_t>(i * 7),
        {{"__name__", "m" + std::to_string(i % 3)}, {"i", std::to_string(i)}}, points));
  }
  return list;
}

model::Matcher matcher(model::MatchKind kind, const char* name, const char* value) {
  return *model::Matcher::make(kind, name, value);
}

TEST(Block, ComesBackAsItWasWritten) {
  const std::vector<BlockSeries> list = some_series(50);
  const auto block = Block::parse(std::make_shared<const std::string>(encode_block(list)));
  ASSERT_TRUE(block);
  ASSERT_EQ(block->size(), list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const BlockSeries series = block->series(i);
    EXPECT_EQ(series.id, list[i].id);
    EXPECT_EQ(series.labels, list[i].labels);
    EXPECT_EQ(series.labels.hash(), list[i].labels.hash());
    EXPECT_EQ(series.chunk.count, list[i].chunk.count);
    std::vector<model::Sample> want;
    std::vector<model::Sample> got;
    list[i].chunk.read(-kMax, kMax, want);
    series.chunk.read(-kMax, kMax, got);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t k = 0; k < got.size(); ++k) {
      EXPECT_EQ(got[k].time_ms, want[k].time_ms);
      EXPECT_EQ(got[k].value, want[k].value);
    }
    if (!want.empty()) {
      EXPECT_EQ(series.last.time_ms, want.back().time_ms);
      EXPECT_EQ(series.last.value, want.back().value);
      EXPECT_EQ(series.before_last_ms, want[want.size() - (want.size() > 1 ? 2 : 1)].time_ms);
    }
    ASSERT_EQ(series.histograms.size(), list[i].histograms.size());
    for (std::size_t k = 0; k < series.histograms.size(); ++k) {
      expect_same(series.histograms[k], list[i].histograms[k]);
    }
  }
}

TEST(Block, SelectsByMatchersOfEveryKind) {
  const auto block =
      *Block::parse(std::make_shared<const std::string>(encode_block(some_series(9))));
  using enum model::MatchKind;
  EXPECT_EQ(block.select({}).size(), 9U);
  EXPECT_EQ(block.select({matcher(kEqual, "__name__", "m1")}), (std::vector<std::size_t>{1, 4, 7}));
  EXPECT_EQ(block.select({matcher(kRegex, "i", "[23]"), matcher(kNotEqual, "__name__", "m0")}),
            std::vector<std::size_t>{2});
  EXPECT_EQ(block.select({matcher(kEqual, "none", "")}).size(), 9U);
  EXPECT_TRUE(block.select({matcher(kRegex, "none", ".+")}).empty());
}

TEST(Block, CutOrChangedBytesDoNoHarm) {
  const std::string blob = encode_block(some_series(6));
  for (std::size_t size = 0; size < blob.size(); ++size) {
    EXPECT_FALSE(Block::parse(std::make_shared<const std::string>(blob.substr(0, size)))) << size;
  }
  base::SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string changed = blob;
    flip_a_bit(changed, random);
    const auto block = Block::parse(std::make_shared<const std::string>(std::move(changed)));
    for (std::size_t place = 0; block && place < block->size(); ++place) {
      block->series(place);
    }
  }
}

TEST(Extract, HoldsTheSeriesThatWereAskedForAndTheirBytes) {
  const auto block =
      *Block::parse(std::make_shared<const std::string>(encode_block(some_series(30))));
  const auto extract =
      Extract::make(4, block, {matcher(model::MatchKind::kEqual, "__name__", "m2")});
  EXPECT_EQ(extract->block, 4U);
  ASSERT_EQ(extract->series.size(), 10U);
  for (const Extract::One& one : extract->series) {
    std::vector<model::Sample> samples;
    one.chunk.read(-kMax, kMax, samples);
    EXPECT_EQ(samples.size(), one.chunk.count);
    EXPECT_EQ(std::to_string(samples.size()), one.labels.get("i"));
  }
}

LogBatch random_batch(base::SeededRandom& random) {
  LogBatch batch;
  for (std::uint64_t i = random.below(5); i > 0; --i) {
    batch.definitions.push_back({static_cast<std::uint32_t>(random.next()),
                                 {{"__name__", "m"}, {"i", std::to_string(random.below(3))}}});
  }
  std::int64_t time_ms = 1'800'000'000'000;
  for (std::uint64_t i = random.below(40); i > 0; --i) {
    time_ms += random.below(3) == 0 ? static_cast<std::int64_t>(random.below(50'000)) - 9000 : 0;
    double value = std::bit_cast<double>(random.next());
    switch (random.below(4)) {
      case 0:
        value = static_cast<double>(random.below(1000)) - 500;
        break;
      case 1:
        value = -0.0;
        break;
      case 2:
        value = 9007199254740992.0;
        break;
      default:
        break;
    }
    auto& list = random.below(5) == 0 ? batch.replaced : batch.samples;
    list.push_back({static_cast<std::uint32_t>(random.below(100)), {time_ms, value}});
    if (random.below(8) == 0) {
      auto& histograms = random.below(3) == 0 ? batch.replaced_histograms : batch.histograms;
      histograms.push_back({static_cast<std::uint32_t>(random.below(100)),
                            some_histogram(time_ms, static_cast<int>(random.below(50)))});
    }
  }
  return batch;
}

void expect_same(const std::vector<LogBatch::HistogramEntry>& a,
                 const std::vector<LogBatch::HistogramEntry>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].id, b[i].id);
    expect_same(a[i].sample, b[i].sample);
  }
}

void expect_same(const std::vector<LogBatch::Entry>& a, const std::vector<LogBatch::Entry>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_EQ(a[i].sample.time_ms, b[i].sample.time_ms);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a[i].sample.value),
              std::bit_cast<std::uint64_t>(b[i].sample.value));
  }
}

TEST(Log, ComesBackAsItWasWritten) {
  base::SeededRandom random(3);
  for (int round = 0; round < 500; ++round) {
    const LogBatch batch = random_batch(random);
    const auto back = decode_log(encode_log(batch));
    ASSERT_TRUE(back);
    ASSERT_EQ(back->definitions.size(), batch.definitions.size());
    for (std::size_t i = 0; i < batch.definitions.size(); ++i) {
      EXPECT_EQ(back->definitions[i].id, batch.definitions[i].id);
      EXPECT_EQ(back->definitions[i].labels, batch.definitions[i].labels);
    }
    expect_same(back->samples, batch.samples);
    expect_same(back->replaced, batch.replaced);
    expect_same(back->histograms, batch.histograms);
    expect_same(back->replaced_histograms, batch.replaced_histograms);
  }
}

TEST(Log, CutOrChangedBytesDoNoHarm) {
  base::SeededRandom random(5);
  for (int round = 0; round < 50; ++round) {
    const std::string bytes = encode_log(random_batch(random));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_log(std::string_view(bytes).substr(0, size))) << size;
    }
    for (int i = 0; i < 100; ++i) {
      std::string changed = bytes;
      flip_a_bit(changed, random);
      const auto ignored = decode_log(changed);
      static_cast<void>(ignored);
    }
  }
}

TEST(Log, SamplesOfOnePollTakeFewBytes) {
  LogBatch batch;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    batch.samples.push_back({100'000 + i, {1'800'000'000'000, 17.0 * i}});
  }
  EXPECT_LT(encode_log(batch).size(), 4500U);
}

TEST(History, ForgetsWhatWasUsedLongestAgo) {
  const auto block =
      *Block::parse(std::make_shared<const std::string>(encode_block(some_series(30))));
  History history;
  std::vector<BlockInfo> infos;
  for (std::uint64_t id = 1; id <= 10; ++id) {
    infos.push_back({.id = id,
                     .min_time_ms = static_cast<std::int64_t>(id) * 100,
                     .max_time_ms = static_cast<std::int64_t>(id) * 100 + 99});
  }
  history.set_blocks(infos);
  const Selection all{{}, 0, 10'000};
  std::vector<BlockNeed> needs = history.needs({&all, 1}, 600);
  ASSERT_EQ(needs.size(), 5U) << "blocks that begin before 600";
  std::vector<Provision> provisions;
  for (const BlockNeed& need : needs) {
    provisions.push_back({need.key, Extract::make(need.block.id, block, need.matchers)});
  }
  EXPECT_EQ(history.find(all, 600, provisions).size(), 5U) << "in hand";
  EXPECT_TRUE(history.find(all, 600, {}).empty());
  history.provide(provisions);
  EXPECT_EQ(history.find(all, 600, {}).size(), 5U);
  EXPECT_TRUE(history.needs({&all, 1}, 600).empty());
  history.set_limit(history.bytes() / 2);
  EXPECT_EQ(history.find(all, 600, {}).size(), 2U);
  history.remove(history.find(all, 600, {}).front()->block);
  EXPECT_EQ(history.find(all, 600, {}).size(), 1U);
  history.set_limit(0);
  EXPECT_EQ(history.bytes(), 0U);
  EXPECT_EQ(history.needs({&all, 1}, 600).size(), 4U);
}

}  // namespace
}  // namespace tocsin::series
