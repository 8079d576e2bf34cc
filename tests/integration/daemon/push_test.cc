// Samples that are brought: remote write from a real Prometheus and by hand, and pushed text.
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "integration/daemon/rig.h"
#include "unit/sources/remote_write_encoder.h"

namespace tocsin::testing {
namespace {

namespace encoder = tocsin::sources::testing;

class Pushes : public ::testing::Test {
 protected:
  void configure(const std::string& web = "") {
    rig_.write("rules.yml", R"(
groups:
  - name: pushed
    rules:
      - alert: BackupFailed
        expr: backup_failed == 1
        labels: {severity: critical, service: backup}
)");
    rig_.write("tocsin.yml", "web: {listen: \"127.0.0.1:" + std::to_string(rig_.port()) + "\"" +
                                 web + "}\nglobal: {evaluation_interval: 1m}\n" +
                                 "rule_files: [rules.yml]\n" + webhook_route(sink_.url()));
  }

  HttpMessage send(const std::string& target, const std::string& body,
                   std::map<std::string, std::string> headers) const {
    return http_call({.port = rig_.port(),
                      .method = "POST",
                      .target = target,
                      .headers = std::move(headers),
                      .body = body});
  }

  HttpMessage write_v1(const std::vector<std::string>& series,
                       const std::string& metadata = {}) const {
    std::string request = encoder::v1_request(series);
    if (!metadata.empty()) {
      protozero::pbf_writer(request).add_message(3, metadata);
    }
    return send("/api/v1/write", encoder::snappy_block(request),
                {{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "snappy"}});
  }

  // What the API says of a metric: type, help and unit.
  std::string metadata(const std::string& metric) const {
    const boost::json::value answer = rig_.json("/api/v1/metadata?metric=" + metric);
    const std::string entry = "/data/" + metric + "/0/";
    return text_at(answer, entry + "type") + " | " + text_at(answer, entry + "help") + " | " +
           text_at(answer, entry + "unit");
  }

  HttpMessage write_v2(const encoder::V2Request& request) const {
    return send("/api/v1/write", encoder::snappy_block(request.encode()),
                {{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"},
                 {"Content-Encoding", "snappy"}});
  }

  static std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  Rig rig_;
  HttpSink sink_;
};

TEST_F(Pushes, OfTextWakeRulesAtOnce) {
  configure();
  rig_.start_ready();
  const HttpMessage taken = send("/tocsin/v1/push?job=nightly&instance=db1",
                                 "# TYPE backup_failed gauge\nbackup_failed 1\n",
                                 {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(taken.status, 204) << taken.body;
  // Far below the evaluation interval.
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "BackupFailed"); }))
      << rig_.log();
  EXPECT_EQ(rig_.query("backup_failed{job=\"nightly\",instance=\"db1\"}"), 1);
  send("/tocsin/v1/push?job=nightly&instance=db1", "backup_failed 0\n", {});
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "resolved", "BackupFailed"); }))
      << rig_.log();

  const HttpMessage malformed = send("/tocsin/v1/push", "a 1\nb ?\n", {});
  EXPECT_EQ(malformed.status, 400);
  EXPECT_NE(malformed.body.find("2:3"), std::string::npos) << malformed.body;
  EXPECT_EQ(send("/tocsin/v1/push?__name__=x", "a 1\n", {}).status, 400);
  EXPECT_EQ(send("/tocsin/v1/push", "a 1\n", {{"Origin", "http://evil.example"}}).status, 403);
  const HttpMessage old = send("/tocsin/v1/push", "backup_old 1 1000\nbackup_old 1 500\n", {});
  EXPECT_EQ(old.status, 400);
  EXPECT_NE(old.body.find("backup_old"), std::string::npos);
  EXPECT_EQ(rig_.metric("tocsin_sources_pushes_total{kind=\"push\",outcome=\"taken\"}"), 2);
}

TEST_F(Pushes, ByRemoteWriteAreOffUntilSwitchedOn) {
  configure();
  rig_.start_ready();
  EXPECT_EQ(write_v1({}).status, 404);
  EXPECT_EQ(rig_.stop(), 0);
  rig_.start_ready({"--web.enable-remote-write-receiver"});
  EXPECT_EQ(write_v1({}).status, 204);
}

TEST_F(Pushes, ByRemoteWriteAreAnsweredAsPrometheusDoes) {
  configure(", remote_write_receiver: true");
  rig_.start_ready();
  const std::int64_t now = now_ms();
  const encoder::Pairs failed = {{"__name__", "backup_failed"}, {"job", "nightly"}};
  const HttpMessage first = write_v1({encoder::v1_series(failed, {{now, 1}})});
  EXPECT_EQ(first.status, 204) << first.body;
  EXPECT_EQ(first.header("x-prometheus-remote-write-samples-written"), "");
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "BackupFailed"); }))
      << rig_.log();

  encoder::V2Request second;
  second.add(second.series(failed, {{now + 1, 0}, {now + 2, 0}}));
  second.add(second.series({{"__name__", "other"}}, {{now, 1}}));
  const HttpMessage taken = write_v2(second);
  EXPECT_EQ(taken.status, 204) << taken.body;
  EXPECT_EQ(taken.header("x-prometheus-remote-write-samples-written"), "3");
  EXPECT_EQ(taken.header("x-prometheus-remote-write-histograms-written"), "0");
  EXPECT_EQ(taken.header("x-prometheus-remote-write-exemplars-written"), "0");
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "resolved", "BackupFailed"); }));

  encoder::V2Request late;
  late.add(late.series(failed, {{now, 1}}));
  late.add(late.series({{"__name__", "other"}}, {{now + 1, 2}}));
  const HttpMessage partial = write_v2(late);
  EXPECT_EQ(partial.status, 400);
  EXPECT_EQ(partial.header("x-prometheus-remote-write-samples-written"), "1");
  EXPECT_NE(partial.body.find("out of order"), std::string::npos) << partial.body;
  EXPECT_EQ(rig_.query("other"), 2);

  const std::map<std::string, std::string> usual = {{"Content-Type", "application/x-protobuf"},
                                                    {"Content-Encoding", "snappy"}};
  EXPECT_EQ(send("/api/v1/write", "not snappy", usual).status, 400);
  EXPECT_EQ(send("/api/v1/write", "", {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(send("/api/v1/write", encoder::snappy_block("\x0a\xff"), usual).status, 400);
  EXPECT_EQ(send("/api/v1/write", "", {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(send("/api/v1/write", encoder::snappy_block(std::string(40U << 20, 'x')), usual).status,
            413);
  EXPECT_EQ(rig_.metric("tocsin_series_refused_total{reason=\"out_of_order\"}"), 1);
}

TEST_F(Pushes, SayWhatTheirMetricsAre) {
  configure(", remote_write_receiver: true");
  rig_.start_ready();
  const std::int64_t now = now_ms();
  EXPECT_EQ(send("/tocsin/v1/push?job=nightly",
                 "# HELP backup_bytes Size of the backup.\n# TYPE backup_bytes gauge\n"
                 "backup_bytes 7\n",
                 {})
                .status,
            204);
  EXPECT_EQ(metadata("backup_bytes"), "gauge | Size of the backup. | ");
  EXPECT_EQ(write_v1({}, encoder::v1_metadata(1, "runs", "Runs of the backup.", "runs")).status,
            204);
  EXPECT_EQ(metadata("runs"), "counter | Runs of the backup. | runs");
  encoder::V2Request request;
  std::string series = request.series({{"__name__", "latency"}}, {});
  protozero::pbf_writer(series).add_message(
      3, encoder::histogram(3, {{{0, 2}}, {1, 1}}, {}, 0, {}, now));
  request.describe(series, 3, "How long it took.", "seconds");
  request.add(series);
  const HttpMessage taken = write_v2(request);
  EXPECT_EQ(taken.status, 204) << taken.body;
  EXPECT_EQ(taken.header("x-prometheus-remote-write-histograms-written"), "1");
  EXPECT_EQ(metadata("latency"), "histogram | How long it took. | seconds");
  EXPECT_EQ(rig_.query("histogram_count(latency)"), 3);
  EXPECT_EQ(rig_.query("histogram_sum(latency)"), 5);
  // The same metric told anew.
  EXPECT_EQ(send("/tocsin/v1/push", "# TYPE backup_bytes counter\nbackup_bytes 8\n", {}).status,
            204);
  EXPECT_EQ(metadata("backup_bytes"), "counter |  | ");
}

TEST_F(Pushes, ComeFromARealPrometheus) {
  configure(", remote_write_receiver: true");
  rig_.start_ready();
  PageServer page;
  page.set("backup_failed 0\nbackup_runs_total 7\n");
  const std::uint16_t port = free_port();
  rig_.write("prometheus.yml",
             "global: {scrape_interval: 1s, external_labels: {site: seoul}}\nscrape_configs:\n"
             "  - job_name: nightly\n    static_configs: [{targets: [\"" +
                 page.address() + "\"]}]\nremote_write:\n  - url: \"" + rig_.url() +
                 "/api/v1/write\"\n    queue_config: {batch_send_deadline: 100ms}\n");
  const Process prometheus({.argv = {"prometheus", "--config.file=" + rig_.path("prometheus.yml"),
                                     "--storage.tsdb.path=" + rig_.path("tsdb"),
                                     "--web.listen-address=127.0.0.1:" + std::to_string(port)},
                            .environment = {}});
  ASSERT_TRUE(eventually(
      20s, [this] { return rig_.query("backup_runs_total{site=\"seoul\",job=\"nightly\"}") == 7; }))
      << rig_.log() << prometheus.output();
  EXPECT_EQ(rig_.alert_state("BackupFailed"), "");
  page.set("backup_failed 1\n");
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "BackupFailed"); }))
      << rig_.log();
  // Its stale marker came over, too.
  EXPECT_TRUE(eventually(20s, [this] { return !rig_.holds("backup_runs_total"); }));
  EXPECT_EQ(rig_.query("up{job=\"nightly\"}"), 1);
  EXPECT_EQ(rig_.metric("tocsin_sources_pushes_total{kind=\"remote_write\",outcome=\"refused\"}"),
            0);
}

// A page in Prometheus' protobuf format, in which alone native histograms can be scraped: one of
// schema 0 whose buckets end at 1, 2, 4 …
std::string native_page(double sum, const std::vector<std::int64_t>& counts) {
  std::string span;
  protozero::pbf_writer spans(span);
  spans.add_sint32(1, 0);
  spans.add_uint32(2, static_cast<std::uint32_t>(counts.size()));
  std::vector<std::int64_t> deltas(counts.size());
  std::adjacent_difference(counts.begin(), counts.end(), deltas.begin());
  std::string histogram;
  protozero::pbf_writer writer(histogram);
  writer.add_uint64(1, static_cast<std::uint64_t>(
                           std::accumulate(counts.begin(), counts.end(), std::int64_t{0})));
  writer.add_double(2, sum);
  writer.add_sint32(5, 0);
  writer.add_double(6, 0.001);
  writer.add_message(12, span);
  writer.add_packed_sint64(13, deltas.begin(), deltas.end());
  std::string metric;
  protozero::pbf_writer(metric).add_message(7, histogram);
  std::string family;
  protozero::pbf_writer whole(family);
  whole.add_string(1, "backup_seconds");
  whole.add_string(2, "How long backups took.");
  whole.add_enum(3, 4);
  whole.add_message(4, metric);
  std::string page;
  for (std::size_t size = family.size(); size > 0; size >>= 7) {
    page += static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
  }
  return page + family;
}

TEST_F(Pushes, OfNativeHistogramsComeFromARealPrometheus) {
  configure(", remote_write_receiver: true");
  rig_.start_ready();
  std::atomic<std::int64_t> polls = 0;
  const HttpSink page([&polls](std::size_t, const HttpMessage&) {
    const std::int64_t n = ++polls;
    return http_answer(200, native_page(static_cast<double>(9 * n), {n, 2 * n, 3 * n}),
                       "Content-Type: application/vnd.google.protobuf; "
                       "proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n");
  });
  rig_.write("prometheus.yml",
             "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: nightly\n"
             "    metrics_path: /hook\n    static_configs: [{targets: [\"127.0.0.1:" +
                 std::to_string(page.port()) + "\"]}]\nremote_write:\n  - url: \"" + rig_.url() +
                 "/api/v1/write\"\n    send_native_histograms: true\n"
                 "    queue_config: {batch_send_deadline: 100ms}\n"
                 "    metadata_config: {send_interval: 1s}\n");
  const Process prometheus(
      {.argv = {"prometheus", "--config.file=" + rig_.path("prometheus.yml"),
                "--storage.tsdb.path=" + rig_.path("tsdb"), "--enable-feature=native-histograms",
                "--web.listen-address=127.0.0.1:" + std::to_string(free_port())},
       .environment = {}});
  ASSERT_TRUE(eventually(
      20s, [this] { return rig_.holds("histogram_count(backup_seconds{job=\"nightly\"})"); }))
      << rig_.log() << prometheus.output();
  EXPECT_EQ(rig_.query("histogram_sum(backup_seconds) / histogram_count(backup_seconds)"), 1.5);
  EXPECT_EQ(rig_.query("histogram_fraction(1, 2, backup_seconds) * 3"), 1);
  EXPECT_TRUE(eventually(
      10s, [this] { return rig_.holds("histogram_count(rate(backup_seconds[1m])) > 0"); }));
  EXPECT_TRUE(eventually(10s, [this] {
    return metadata("backup_seconds") == "histogram | How long backups took. | ";
  })) << metadata("backup_seconds");
  EXPECT_EQ(rig_.metric("tocsin_sources_pushes_total{kind=\"remote_write\",outcome=\"refused\"}"),
            0);
}

}  // namespace
}  // namespace tocsin::testing
