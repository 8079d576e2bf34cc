#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "sources/push_writer.h"
#include "sources/remote_write/decode.h"
#include "unit/sources/remote_write_encoder.h"

namespace tocsin::sources::remote_write {
namespace {

using testing::Buckets;
using testing::histogram;
using testing::Pairs;
using testing::snappy_block;
using testing::v1_request;
using testing::v1_series;
using testing::V2Request;

constexpr std::int32_t kCustomSchema = model::Histogram::kCustomSchema;

/// Every series as `labels value@time …`.
std::string text(const Pushed& pushed) {
  std::string out;
  for (const PushedSeries& series : pushed.series) {
    out += series.labels.to_string();
    for (const model::Sample& sample : series.samples) {
      out += model::is_stale(sample.value) ? " stale"
                                           : " " + std::to_string(std::lround(sample.value));
      out += "@" + std::to_string(sample.time_ms);
    }
    for (const model::HistogramSample& sample : series.histograms) {
      out += " " + model::to_string(*sample.histogram) + "@" + std::to_string(sample.time_ms);
    }
    out += "\n";
  }
  return out;
}

std::string decoded(const std::string& message, Version version) {
  const auto pushed = decode(message, version);
  return pushed ? text(*pushed) : pushed.error().to_string();
}

TEST(RemoteWrite, NegotiatesAsPrometheusDoes) {
  const std::vector<std::tuple<std::string, std::string, std::optional<Version>>> cases = {
      {"application/x-protobuf", "snappy", Version::kV1},
      {"", "", Version::kV1},
      {"application/x-protobuf;proto=prometheus.WriteRequest", "snappy", Version::kV1},
      {"application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", Version::kV2},
      {"application/x-protobuf ; Proto=\"io.prometheus.write.v2.Request\"; charset=x", "Snappy",
       Version::kV2},
      {"application/x-protobuf;proto=io.prometheus.write.v3.Request", "snappy", std::nullopt},
      {"application/x-protobuf;proto=", "snappy", std::nullopt},
      {"application/json", "snappy", std::nullopt},
      {"application/x-protobuf", "gzip", std::nullopt},
  };
  for (const auto& [type, encoding, want] : cases) {
    const auto got = negotiate(type, encoding);
    EXPECT_EQ(got ? std::optional(*got) : std::nullopt, want) << type << " " << encoding;
  }
}

TEST(RemoteWrite, UndoesSnappyWithinLimits) {
  EXPECT_EQ(*decompress(snappy_block("abcabcabc"), 9), "abcabcabc");
  EXPECT_EQ(decompress(snappy_block("abcabcabc"), 8).error().code(),
            base::ErrorCode::kLimitExceeded);
  EXPECT_EQ(decompress("", 100).error().code(), base::ErrorCode::kCorrupt);
  const std::string whole = snappy_block(std::string(1000, 'x') + "yz");
  EXPECT_EQ(decompress(whole.substr(0, whole.size() - 1), 10'000).error().code(),
            base::ErrorCode::kCorrupt);
}

TEST(RemoteWrite, ReadsVersionOne) {
  const std::string up = v1_series({{"job", "api"}, {"__name__", "up"}, {"gone", ""}},
                                   {{1000, 1}, {2000, model::stale_marker()}});
  const std::string down = v1_series({{"__name__", "down"}}, {{1000, -2}});
  EXPECT_EQ(decoded(v1_request({up, down}), Version::kV1),
            "up{job=\"api\"} 1@1000 stale@2000\ndown -2@1000\n");
}

TEST(RemoteWrite, ReadsMetadataOfVersionOne) {
  std::string metadata;
  protozero::pbf_writer writer(metadata);
  writer.add_enum(1, 1);
  writer.add_string(2, "requests_total");
  writer.add_string(4, "Requests.");
  writer.add_string(5, "requests");
  std::string message;
  protozero::pbf_writer(message).add_message(3, metadata);
  const auto pushed = decode(message, Version::kV1);
  ASSERT_TRUE(pushed);
  ASSERT_EQ(pushed->families.size(), 1U);
  EXPECT_EQ(pushed->families[0].name, "requests_total");
  EXPECT_EQ(pushed->families[0].type, model::MetricType::kCounter);
  EXPECT_EQ(pushed->families[0].help, "Requests.");
  EXPECT_EQ(pushed->families[0].unit, "requests");
}

TEST(RemoteWrite, ReadsVersionTwo) {
  V2Request request;
  std::string series = request.series({{"__name__", "up"}, {"job", "api"}}, {{1000, 1}, {2000, 0}});
  protozero::pbf_writer writer(series);
  std::string metadata;
  protozero::pbf_writer inner(metadata);
  inner.add_enum(1, 2);
  inner.add_uint32(3, request.symbol("Whether it is up."));
  inner.add_uint32(4, request.symbol("things"));
  writer.add_message(5, metadata);
  writer.add_message(4, std::string());
  writer.add_int64(6, 500);
  request.add(series);
  request.add(request.series({{"__name__", "other"}, {"job", "api"}}, {}));
  const auto pushed = decode(request.encode(), Version::kV2);
  ASSERT_TRUE(pushed) << pushed.error().to_string();
  EXPECT_EQ(text(*pushed), "up{job=\"api\"} 1@1000 0@2000\nother{job=\"api\"}\n");
  EXPECT_EQ(pushed->series[0].exemplars, 1U);
  EXPECT_EQ(pushed->series[0].start_ms, 500);
  ASSERT_EQ(pushed->families.size(), 1U);
  EXPECT_EQ(pushed->families[0].name, "up");
  EXPECT_EQ(pushed->families[0].type, model::MetricType::kGauge);
  EXPECT_EQ(pushed->families[0].help, "Whether it is up.");
  EXPECT_EQ(pushed->families[0].unit, "things");
}

TEST(RemoteWrite, RefusesReferencesThatLeadNowhere) {
  std::string series;
  const std::vector<std::uint32_t> far = {1, 99};
  protozero::pbf_writer(series).add_packed_uint32(1, far.begin(), far.end());
  V2Request request;
  request.symbol("__name__");
  request.add(series);
  EXPECT_EQ(decode(request.encode(), Version::kV2).error().code(), base::ErrorCode::kInvalidInput);

  std::string odd;
  const std::vector<std::uint32_t> one = {1};
  protozero::pbf_writer(odd).add_packed_uint32(1, one.begin(), one.end());
  V2Request unpaired;
  unpaired.symbol("__name__");
  unpaired.add(odd);
  EXPECT_FALSE(decode(unpaired.encode(), Version::kV2));

  std::string full;
  protozero::pbf_writer(full).add_string(4, "not empty");
  EXPECT_FALSE(decode(full, Version::kV2));
}

TEST(RemoteWrite, PassesOverSeriesThatCannotBeStored) {
  const std::string message = v1_request({
      v1_series({{"job", "api"}}, {{1, 1}, {2, 2}}),
      v1_series({{"__name__", "a"}, {"x", "1"}, {"x", "2"}}, {{1, 1}}),
      v1_series({{"__name__", "b"}, {"", "1"}}, {{1, 1}}),
      v1_series({{"__name__", "c"}, {"x", "\xff"}}, {{1, 1}}),
      v1_series({{"__name__", "fine"}}, {{1, 1}}),
  });
  const auto pushed = decode(message, Version::kV1);
  ASSERT_TRUE(pushed);
  EXPECT_EQ(text(*pushed), "fine 1@1\n");
  EXPECT_EQ(pushed->invalid_series, 4U);
  EXPECT_EQ(pushed->invalid_samples, 5U);
  EXPECT_NE(pushed->invalid_reason.find("without a metric name"), std::string::npos);
}

TEST(RemoteWrite, TakesAnyCutOfARequestWithoutHarm) {
  V2Request request;
  request.add(request.series({{"__name__", "up"}, {"job", "api"}}, {{1000, 1}}));
  const std::string v1 = v1_request({v1_series({{"__name__", "up"}}, {{1000, 1}})});
  for (const std::string& message : {v1, request.encode()}) {
    for (const Version version : {Version::kV1, Version::kV2}) {
      for (std::size_t size = 0; size < message.size(); ++size) {
        const auto pushed = decode(message.substr(0, size), version);
        if (!pushed) {
          EXPECT_EQ(pushed.error().code(), base::ErrorCode::kInvalidInput);
        }
      }
    }
  }
}

base::Result<Pushed> with_histogram(const std::string& message) {
  std::string series = v1_series({{"__name__", "h"}}, {});
  protozero::pbf_writer(series).add_message(4, message);
  return decode(v1_request({series}), Version::kV1);
}

TEST(RemoteWrite, ReadsNativeHistograms) {
  const auto pushed =
      with_histogram(histogram(6, {{{-1, 2}, {2, 1}}, {1, 1, -1}}, {{{0, 1}}, {2}}));
  ASSERT_TRUE(pushed);
  ASSERT_EQ(pushed->series.size(), 1U) << pushed->invalid_reason;
  const model::HistogramSample& sample = pushed->series[0].histograms.at(0);
  EXPECT_EQ(sample.time_ms, 1000);
  EXPECT_EQ(sample.start_ms, 400);
  EXPECT_EQ(sample.histogram->reset, model::CounterReset::kGauge);
  EXPECT_EQ(sample.histogram->positive, (model::HistogramBuckets{{-1, 1}, {0, 2}, {3, 1}}));
  EXPECT_EQ(sample.histogram->negative, (model::HistogramBuckets{{0, 2}}));
  EXPECT_EQ(sample.histogram->count, 6);

  const auto custom = with_histogram(histogram(3, {{{0, 2}}, {1, 1}}, {}, kCustomSchema, {1, 2}));
  ASSERT_EQ(custom->series.size(), 1U) << custom->invalid_reason;
  EXPECT_EQ(custom->series[0].histograms[0].histogram->bounds, (std::vector<double>{1, 2}));
}

TEST(RemoteWrite, ReadsFloatHistogramsAndStaleOnes) {
  std::string floats;
  {
    protozero::pbf_writer writer(floats);
    writer.add_double(2, 1.5);
    writer.add_double(3, 2);
    std::string span;
    protozero::pbf_writer(span).add_uint32(2, 1);
    writer.add_message(11, span);
    const std::vector<double> counts = {1.5};
    writer.add_packed_double(13, counts.begin(), counts.end());
  }
  const auto read = with_histogram(floats);
  ASSERT_EQ(read->series.size(), 1U) << read->invalid_reason;
  EXPECT_EQ(read->series[0].histograms[0].histogram->positive, (model::HistogramBuckets{{0, 1.5}}));

  std::string stale;
  protozero::pbf_writer(stale).add_double(3, model::stale_marker());
  const auto ended = with_histogram(stale);
  ASSERT_EQ(ended->series.size(), 1U);
  EXPECT_TRUE(ended->series[0].histograms[0].histogram->is_stale());
}

TEST(RemoteWrite, RefusesHistogramsThatContradictThemselves) {
  const std::vector<std::string> broken = {
      histogram(9, {{{0, 3}}, {1}}),              // more buckets than counts
      histogram(9, {{{0, 1}}, {1, 1}}),           // fewer
      histogram(9, {{{0, 2}}, {1, -2}}),          // a negative population
      histogram(9, {{{0, 1}, {-1, 1}}, {1, 1}}),  // spans overlap
      histogram(1, {{{0, 1}}, {2}}),              // more than the count
      histogram(9, {{{0, 1}}, {1}}, {}, 9),       // no such schema
      histogram(9, {{{0, 1}}, {1}}, {}, kCustomSchema, {2, 1}),
      histogram(9, {{{4, 1}}, {1}}, {}, kCustomSchema, {1}),
      histogram(9, {}, {{{0, 1}}, {1}}, kCustomSchema, {1}),
  };
  for (const std::string& message : broken) {
    const auto pushed = with_histogram(message);
    ASSERT_TRUE(pushed);
    EXPECT_EQ(pushed->invalid_series, 1U) << &message - broken.data();
    EXPECT_NE(pushed->invalid_reason.find("histogram"), std::string::npos);
  }
}

constexpr std::int64_t kNow = 1'767'225'600'000;

TEST(PushWriter, WritesWhatCanBeWrittenAndSaysWhatCannot) {
  series::Store store({.max_series = 2});
  const base::WallTime now = base::from_millis(kNow);
  const auto write = [&](const std::vector<std::string>& series) {
    return write_pushed(store, 7, *decode(v1_request(series), Version::kV1), now);
  };
  const Pairs a = {{"__name__", "a"}};
  const Pairs b = {{"__name__", "b"}};
  const PushOutcome first = write({v1_series(a, {{kNow, 1}, {kNow + 1, 2}, {kNow + 1, 2}})});
  EXPECT_EQ(first.samples, 3U);
  EXPECT_EQ(first.ingested.stored, 2U);
  EXPECT_EQ(first.ingested.created.size(), 1U);
  EXPECT_EQ(first.ingested.origin, 7U);
  EXPECT_EQ(first.refusal, "");

  const PushOutcome mixed = write({v1_series(a, {{kNow, 1}, {kNow + 1, 3}, {kNow + 2, 4}}),
                                   v1_series(b, {{kNow + 3'600'000, 1}, {kNow, 1}})});
  EXPECT_EQ(mixed.ingested.refused.out_of_order, 1U);
  EXPECT_EQ(mixed.ingested.refused.duplicate, 1U);
  EXPECT_EQ(mixed.ingested.refused.out_of_bounds, 1U);
  EXPECT_EQ(mixed.samples, 2U);
  EXPECT_EQ(mixed.refusal, "out of order sample for series a");

  const PushOutcome many = write({v1_series({{"__name__", "c"}}, {{kNow, 1}}), v1_series({}, {})});
  EXPECT_EQ(many.ingested.refused.series_limit, 1U);
  EXPECT_NE(many.refusal.find("limit"), std::string::npos);

  const PushOutcome nameless = write({v1_series({}, {{kNow, 1}})});
  EXPECT_NE(nameless.refusal.find("without a metric name"), std::string::npos);
  EXPECT_EQ(store.stats().samples, 4U);
}

TEST(PushWriter, WritesHistogramsAndSaysWhichItCannot) {
  series::Store store({.max_series = 2});
  const base::WallTime now = base::from_millis(kNow);
  const auto write = [&](const std::string& name, const std::vector<std::string>& messages,
                         const testing::Points& floats = {}) {
    std::string series = v1_series({{"__name__", name}}, floats);
    for (const std::string& message : messages) {
      protozero::pbf_writer(series).add_message(4, message);
    }
    return write_pushed(store, 7, *decode(v1_request({series}), Version::kV1), now);
  };
  const auto at = [](std::int64_t time_ms, std::int64_t count) {
    return histogram(static_cast<std::uint64_t>(count), {{{0, 1}}, {count}}, {}, 0, {}, time_ms);
  };
  const PushOutcome first = write("h", {at(kNow, 1), at(kNow + 1, 2), at(kNow + 1, 2)});
  EXPECT_EQ(first.refusal, "");
  EXPECT_EQ(first.histograms, 3U);
  EXPECT_EQ(first.samples, 0U);
  EXPECT_EQ(first.ingested.stored, 2U);
  EXPECT_EQ(first.ingested.created.size(), 1U);

  const PushOutcome mixed =
      write("h", {at(kNow, 1), at(kNow + 1, 3), at(kNow + 2, 4), at(kNow + 3'600'000, 5)},
            {{kNow + 3, 6}});
  EXPECT_EQ(mixed.ingested.refused.out_of_bounds, 1U);
  EXPECT_EQ(mixed.ingested.refused.total(), 4U) << mixed.refusal;
  EXPECT_EQ(mixed.samples, 1U);
  EXPECT_EQ(mixed.refusal, "out of order sample for series h");

  const PushOutcome later = write("h", {at(kNow + 4, 4)});
  EXPECT_EQ(later.histograms, 1U) << later.refusal;
  write("other", {at(kNow, 1)});
  EXPECT_EQ(write("many", {at(kNow, 1)}).ingested.refused.series_limit, 1U);

  const auto name = model::Matcher::make(model::MatchKind::kEqual, "__name__", "h");
  ASSERT_TRUE(name);
  const series::Selection selection{{*name}, kNow, kNow + 10};
  const series::Snapshot snapshot = store.snapshot(std::span(&selection, 1));
  ASSERT_EQ(snapshot.series(0).size(), 1U);
  series::Points points;
  snapshot.series(0)[0].samples->read_points(kNow, kNow + 10, points);
  ASSERT_EQ(points.histograms.size(), 3U);
  EXPECT_EQ(points.histograms[0].histogram->count, 1);
  EXPECT_EQ(points.histograms[1].histogram->positive, (model::HistogramBuckets{{0, 2}}));
  EXPECT_EQ(points.histograms[2].time_ms, kNow + 4);
  EXPECT_EQ(points.histograms[2].start_ms, 400);
  ASSERT_EQ(points.floats.size(), 1U);
  EXPECT_EQ(points.floats[0].value, 6);
}

}  // namespace
}  // namespace tocsin::sources::remote_write
