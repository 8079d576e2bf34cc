#include "sources/scrape_config.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"

namespace tocsin::sources {
namespace {

struct Loaded {
  std::optional<yaml::Document> document;
  yaml::Problems problems;
  std::vector<ScrapeJob> jobs;

  std::string errors() const {
    std::string text;
    for (const base::Error& error : problems.errors()) {
      text += error.to_string() + "\n";
    }
    return text;
  }
};

Loaded load(const std::string& text, const base::FileSystem* files = nullptr) {
  Loaded loaded;
  auto document = yaml::Document::parse(text, "tocsin.yml");
  if (!document) {
    loaded.problems.add(document.error());
    return loaded;
  }
  loaded.document = std::move(*document);
  const yaml::Node& root = loaded.document->root();
  static const yaml::Node kNothing;
  const yaml::Node* global = root.find("global");
  yaml::MappingReader reader(global != nullptr ? *global : kNothing, "global", loaded.problems);
  const ScrapeGlobals globals = decode_scrape_globals(reader, loaded.problems);
  reader.finish();
  if (const yaml::Node* list = root.find("scrape_configs")) {
    loaded.jobs = decode_scrape_configs(*list, globals, {"/etc/tocsin", files}, loaded.problems);
  }
  return loaded;
}

std::vector<ScrapeTarget> targets(const std::string& text) {
  const Loaded loaded = load(text);
  EXPECT_EQ(loaded.errors(), "");
  return loaded.jobs.empty() ? std::vector<ScrapeTarget>() : scrape_targets(loaded.jobs[0]);
}

TEST(ScrapeConfig, HasPrometheusDefaults) {
  const Loaded loaded = load("scrape_configs:\n- job_name: a\n");
  ASSERT_EQ(loaded.errors(), "");
  ASSERT_EQ(loaded.jobs.size(), 1U);
  const ScrapeJob& job = loaded.jobs[0];
  EXPECT_EQ(job.interval, std::chrono::minutes(1));
  EXPECT_EQ(job.timeout, std::chrono::seconds(10));
  EXPECT_EQ(job.metrics_path, "/metrics");
  EXPECT_EQ(job.scheme, "http");
  EXPECT_FALSE(job.honor_labels);
  EXPECT_TRUE(job.honor_timestamps);
  EXPECT_TRUE(job.http.follow_redirects);
}

TEST(ScrapeConfig, TakesEveryKey) {
  const Loaded loaded = load(R"(
global: {scrape_interval: 15s, scrape_timeout: 12s, sample_limit: 9, body_size_limit: 1MB}
scrape_configs:
- job_name: api
  scrape_interval: 5s
  scheme: https
  metrics_path: /probe
  params: {module: [http, tcp], target: [x]}
  honor_labels: true
  honor_timestamps: false
  basic_auth: {username: u, password: p}
  tls_config: {server_name: s, insecure_skip_verify: true, min_version: TLS12}
  body_size_limit: 10KB
  label_limit: 3
  label_name_length_limit: 4
  label_value_length_limit: 5
  follow_redirects: false
  enable_compression: false
  enable_http2: true
  scrape_protocols: [PrometheusProto, PrometheusText0.0.4]
  fallback_scrape_protocol: OpenMetricsText1.0.0
  http_headers: {X-Scope: {values: [a], secrets: [b]}}
  static_configs:
  - targets: ["a:1", "b:2"]
    labels: {site: seoul}
)");
  ASSERT_EQ(loaded.errors(), "");
  const ScrapeJob& job = loaded.jobs[0];
  EXPECT_EQ(job.interval, std::chrono::seconds(5));
  EXPECT_EQ(job.timeout, std::chrono::seconds(5)) << "the global one, cut to the interval";
  EXPECT_EQ(job.limits.body_bytes, 10240U);
  EXPECT_EQ(job.limits.samples, 9U);
  EXPECT_EQ(job.limits.label_value_length, 5U);
  EXPECT_EQ(job.http.password.reveal(), "p");
  EXPECT_EQ(job.http.tls.server_name, "s");
  EXPECT_TRUE(job.http.tls.insecure_skip_verify);
  EXPECT_FALSE(job.http.follow_redirects);
  EXPECT_TRUE(job.fallback_openmetrics);
  EXPECT_EQ(job.accept, "text/plain;version=0.0.4;q=0.3,*/*;q=0.1");
  EXPECT_EQ(job.http.headers.size(), 1U);
  EXPECT_EQ(loaded.problems.warnings().size(), 1U) << "enable_http2";
}

TEST(ScrapeConfig, RefusesWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"- job_name:", "job_name"},
      {"- {job_name: a}\n- {job_name: a}", "there twice"},
      {"-", "empty entry"},
      {"- {job_name: a, scrape_interval: 5s, scrape_timeout: 6s}", "longer than"},
      {"- {job_name: a, scrape_interval: 5}", "duration"},
      {"- {job_name: a, body_size_limit: 100}", "size"},
      {"- {job_name: a, scheme: ftp}", "https"},
      {"- {job_name: a, sample_limit: -1}", "out of range"},
      {"- {job_name: a, jobname: b}", "jobname"},
      {"- {job_name: a, static_configs: [null]}", "empty entry"},
      {"- {job_name: a, static_configs: [{targets: ['http://x']}]}", "host:port"},
      {"- {job_name: a, static_configs: [{targets: [x], label: {}}]}", "label"},
      {"- {job_name: a, basic_auth: {password: x, password_file: y}}", "at most one"},
      {"- {job_name: a, basic_auth: {username: x}, bearer_token: y}", "at most one"},
      {"- {job_name: a, authorization: {type: Basic}}", "basic_auth"},
      {"- {job_name: a, authorization: {credentials: a, credentials_file: b}}", "at most one"},
      {"- {job_name: a, authorization: {credentials: a}, bearer_token: b}", "at most one"},
      {"- {job_name: a, tls_config: {cert_file: x}}", "together"},
      {"- {job_name: a, tls_config: {min_version: TLS14}}", "TLS13"},
      {"- {job_name: a, tls_config: {min_version: TLS13}}", "not supported yet"},
      {"- {job_name: a, http_headers: {Host: {values: [x]}}}", "client itself"},
      {"- {job_name: a, params: {x: y}}", "list of texts"},
      {"- {job_name: a, scrape_protocols: [x]}", "unknown protocol"},
      {"- {job_name: a, scrape_protocols: [PrometheusProto]}", "not supported yet"},
      {"- {job_name: a, fallback_scrape_protocol: x}", "unknown protocol"},
      {"- {job_name: a, relabel_configs: []}", "not supported yet"},
      {"- {job_name: a, kubernetes_sd_configs: []}", "not supported yet"},
      {"- {job_name: a, proxy_url: 'http://x'}", "not supported yet"},
      {"- {job_name: a, scrape_native_histograms: true}", "not supported yet"},
  };
  for (const auto& [text, expected] : cases) {
    const Loaded loaded = load(std::string("scrape_configs:\n") + text + "\n");
    EXPECT_NE(loaded.errors().find(expected), std::string::npos)
        << text << " gave " << loaded.errors();
    EXPECT_TRUE(loaded.errors().starts_with("tocsin.yml:")) << loaded.errors();
  }
  EXPECT_NE(load("global: {scrape_interval: 5s, scrape_timeout: 6s}\n").errors(), "");
  EXPECT_NE(load("scrape_configs: {a: b}\n").errors(), "");
}

TEST(ScrapeConfig, FindsFilesBesideItself) {
  const std::string text =
      "scrape_configs:\n- {job_name: a, bearer_token_file: token, "
      "tls_config: {ca_file: /ca.pem}}\n";
  testing::FakeFileSystem files{{"/etc/tocsin/token", "x\n"}};
  const Loaded loaded = load(text, &files);
  EXPECT_EQ(loaded.problems.errors().size(), 1U) << loaded.errors();
  EXPECT_NE(loaded.errors().find("/ca.pem"), std::string::npos);
  EXPECT_EQ(loaded.jobs[0].http.credentials_file, "/etc/tocsin/token");
}

TEST(ScrapeTargets, AreNamedAsPrometheusNamesThem) {
  const auto list = targets(R"(
scrape_configs:
- job_name: api
  params: {module: [http, tcp], "a b": ["c&d"]}
  static_configs:
  - targets: ["a:1", "a:1", "b"]
    labels: {site: seoul, __metrics_path__: /other path, __param_module: dns, job: own}
)");
  ASSERT_EQ(list.size(), 2U) << "equal targets count once";
  EXPECT_EQ(list[0].url, "http://a:1/other%20path?a+b=c%26d&module=dns&module=tcp");
  EXPECT_EQ(list[0].spec.labels,
            (model::Labels{{"job", "own"}, {"instance", "a:1"}, {"site", "seoul"}}));
  EXPECT_EQ(list[0].spec.discovered.get("__address__"), "a:1");
  EXPECT_EQ(list[1].spec.labels.get("instance"), "b");
  EXPECT_EQ(list[0].spec.pool, "api");
  EXPECT_NE(list[0].spec.id, list[1].spec.id);
}

TEST(ScrapeTargets, OfOneUrlDifferByTheirLabels) {
  const auto list = targets(
      "scrape_configs:\n- job_name: a\n  static_configs:\n"
      "  - {targets: [x], labels: {l: '1'}}\n  - {targets: [x], labels: {l: '2'}}\n");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_NE(list[0].spec.id, list[1].spec.id);
}

TEST(ScrapeTargets, MayHaveTimesOfTheirOwn) {
  const auto list = targets(
      "scrape_configs:\n- job_name: a\n  static_configs:\n"
      "  - {targets: [x], labels: {__scrape_interval__: 5s, instance: host}}\n");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].spec.interval, std::chrono::seconds(5));
  EXPECT_EQ(list[0].spec.timeout, std::chrono::seconds(5));
  EXPECT_EQ(list[0].spec.labels.get("instance"), "host");
}

TEST(ScrapeConfig, TooManyTargetsAreRefusedEachInsteadOfTheFile) {
  const Loaded loaded = load(
      "scrape_configs:\n- {job_name: a, target_limit: 1, static_configs: [{targets: [x, y, y]}]}\n"
      "- {job_name: b, target_limit: 2, static_configs: [{targets: [x, y, y]}]}\n");
  EXPECT_EQ(loaded.errors(), "");
  ASSERT_EQ(loaded.problems.warnings().size(), 1U);
  EXPECT_EQ(loaded.problems.warnings()[0].position()->line, 2);
  for (const ScrapeTarget& target : scrape_targets(loaded.jobs[0])) {
    EXPECT_EQ(target.refusal, "target_limit exceeded (number of targets: 2, limit: 1)");
  }
  for (const ScrapeTarget& target : scrape_targets(loaded.jobs[1])) {
    EXPECT_EQ(target.refusal, "");
  }
}

}  // namespace
}  // namespace tocsin::sources
