#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <utility>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kReloaded = "tocsin_config_last_reload_successful";

/// Reloads of a daemon that watches one page.
class Reload : public ::testing::Test {
 protected:
  void SetUp() override {
    page_.set("queue_length 50\n");
    rules("QueueLong", "queue_length > 10");
    configure();
  }

  void configure(const std::string& more = {}) {
    rig_.write("tocsin.yml",
               "global: {evaluation_interval: 1s, no_data: keep}\nrule_files: "
               "[\"rules*.yml\"]\nscrape_configs:\n" +
                   scrape_job("shop", page_.address()) + webhook_route(sink_.url()) + more);
  }
  void rules(const std::string& alert, const std::string& expression,
             const std::string& file = "rules.yml", const std::string& group = "shop") {
    rig_.write(file, "groups:\n  - name: " + group + "\n    rules:\n      - alert: " + alert +
                         "\n        expr: " + expression + "\n        labels: {service: shop}\n");
  }
  bool fires(const std::string& alert) const { return rig_.alert_state(alert) == "firing"; }

  Rig rig_;
  PageServer page_;
  HttpSink sink_;
};

TEST_F(Reload, TakesANewFileBySignalAndByHttp) {
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return fires("QueueLong"); })) << rig_.log();
  rules("QueueVeryLong", "queue_length > 40", "rules2.yml", "more");
  rig_.process().signal(SIGHUP);
  ASSERT_TRUE(eventually(20s, [this] { return fires("QueueVeryLong"); })) << rig_.log();
  EXPECT_TRUE(fires("QueueLong"));
  rules("QueueHuge", "queue_length > 49", "rules3.yml", "most");
  EXPECT_EQ(rig_.post("/-/reload").status, 200);
  ASSERT_TRUE(eventually(20s, [this] { return fires("QueueHuge"); })) << rig_.log();
  EXPECT_EQ(rig_.metric(kReloaded), 1);
  // A reload that changes nothing about an alert neither ends it nor tells of it again.
  EXPECT_TRUE(eventually(20s, [this] { return was_told(sink_, "firing", "QueueHuge"); }));
  const std::vector<Heard> notices = heard(sink_);
  EXPECT_EQ(notices.size(), 3U);
  for (const Heard& notice : notices) {
    EXPECT_EQ(notice.status, "firing");
  }
}

TEST_F(Reload, OfABadFileKeepsWhatRunsAndSaysWhere) {
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return fires("QueueLong"); })) << rig_.log();
  configure("surprise: 1\n");
  const HttpMessage refused = rig_.post("/-/reload");
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.body, HasSubstr("tocsin.yml:"));
  EXPECT_THAT(refused.body, HasSubstr("surprise"));
  EXPECT_EQ(rig_.metric(kReloaded), 0);
  rig_.process().signal(SIGHUP);
  EXPECT_TRUE(eventually(20s, [this] {
    return rig_.log().find("tocsin.yml:") != std::string::npos;
  })) << rig_.log();
  EXPECT_TRUE(fires("QueueLong"));
  EXPECT_THAT(rig_.get("/-/ready").body, HasSubstr("surprise"));
  EXPECT_EQ(rig_.get("/-/ready").status, 200);
  const std::size_t polls = page_.polls();
  EXPECT_TRUE(eventually(20s, [&] { return page_.polls() > polls + 2; }));
  configure();
  EXPECT_EQ(rig_.post("/-/reload").status, 200);
  EXPECT_EQ(rig_.metric(kReloaded), 1);
}

TEST_F(Reload, QuarantinesABadGroupAlone) {
  rules("QueueVeryLong", "queue_length > 40", "rules2.yml", "more");
  rig_.start_ready();
  ASSERT_TRUE(eventually(20s, [this] { return fires("QueueVeryLong"); })) << rig_.log();
  rules("QueueVeryLong", "queue_length >", "rules2.yml", "more");
  rules("QueueHuge", "queue_length > 49", "rules3.yml", "most");
  const HttpMessage partly = rig_.post("/-/reload");
  EXPECT_EQ(partly.status, 500) << "who reloads must hear of it";
  EXPECT_THAT(partly.body, HasSubstr("1 rule group is quarantined"));
  EXPECT_THAT(partly.body, HasSubstr("rules2.yml:5:"));
  EXPECT_EQ(rig_.metric(kReloaded), 0);
  EXPECT_EQ(rig_.metric("tocsin_rules_quarantined_groups"), 1);
  EXPECT_THAT(rig_.get("/-/ready").body, HasSubstr("rules2.yml:5:"));
  EXPECT_EQ(rig_.get("/-/ready").status, 200);
  EXPECT_TRUE(eventually(20s, [this] { return fires("QueueHuge"); })) << rig_.log();
  EXPECT_TRUE(fires("QueueLong"));
  EXPECT_TRUE(fires("QueueVeryLong")) << "its earlier version goes on";
  EXPECT_THAT(rig_.log(), HasSubstr("rules2.yml:"));
  EXPECT_FALSE(was_told(sink_, "resolved", "QueueVeryLong"));
  rules("QueueVeryLong", "queue_length > 41", "rules2.yml", "more");
  EXPECT_EQ(rig_.post("/-/reload").status, 200);
  EXPECT_EQ(rig_.metric(kReloaded), 1);
  EXPECT_EQ(rig_.metric("tocsin_rules_quarantined_groups"), 0);
  EXPECT_EQ(rig_.get("/-/ready").body, "tocsin is ready.\n");
}

/// A rule file that is a pipe: whoever reads it waits until the test has written its last word.
class PipeFile {
 public:
  explicit PipeFile(std::string path) : path_(std::move(path)) {
    ::unlink(path_.c_str());
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    EXPECT_GE(descriptor_, 0);
  }
  ~PipeFile() { end(); }
  PipeFile(const PipeFile&) = delete;
  PipeFile& operator=(const PipeFile&) = delete;

  void write(const std::string& text) const {
    EXPECT_EQ(::write(descriptor_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  /// Keeps a reader patient for some seconds more.
  void remark() const { write("#\n"); }
  void end() {
    if (descriptor_ >= 0) {
      ::close(std::exchange(descriptor_, -1));
    }
  }
  bool is_read_by(int pid) const {
    std::error_code ignored;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored)) {
      if (std::filesystem::read_symlink(entry.path(), ignored) == path_) {
        return true;
      }
    }
    return false;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
};

TEST_F(Reload, ThatTakesLongHoldsUpNothing) {
  page_.set("queue_length 5\n");
  rig_.start_ready();
  PipeFile pipe(rig_.path("rules2.yml"));
  std::future<HttpMessage> first =
      std::async(std::launch::async, [this] { return rig_.post("/-/reload"); });
  ASSERT_TRUE(eventually(20s, [&] { return pipe.is_read_by(rig_.process().pid()); }));
  page_.set("queue_length 50\n");
  EXPECT_TRUE(eventually(20s, [&] {
    pipe.remark();
    return was_told(sink_, "firing", "QueueLong");
  })) << rig_.log();
  // Who asks now has newer files in mind than those that are being read.
  std::future<HttpMessage> second =
      std::async(std::launch::async, [this] { return rig_.post("/-/reload"); });
  EXPECT_EQ(rig_.get("/-/healthy").status, 200);
  EXPECT_EQ(first.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
  rules("QueueHuge", "queue_length > 49", "newer.yml", "more");
  ASSERT_EQ(::rename(rig_.path("newer.yml").c_str(), rig_.path("rules2.yml").c_str()), 0);
  pipe.write("groups: []\n");
  pipe.end();
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(second.get().status, 200);
  EXPECT_TRUE(eventually(20s, [this] { return fires("QueueHuge"); })) << rig_.log();
  EXPECT_EQ(rig_.metric(kReloaded), 1);
}

TEST_F(Reload, ThatTakesLongIsLeftWhenTocsinEnds) {
  rig_.start_ready();
  PipeFile pipe(rig_.path("rules2.yml"));
  rig_.process().signal(SIGHUP);
  ASSERT_TRUE(eventually(20s, [&] { return pipe.is_read_by(rig_.process().pid()); }));
  EXPECT_EQ(rig_.stop(20s), 0) << rig_.log();
  EXPECT_THAT(rig_.log(), HasSubstr("tocsin has ended"));
}

TEST(BadConfiguration, IsRefusedWithEveryFaultAtOnce) {
  const Rig rig;
  rig.write("tocsin.yml", R"(global: {scrape_interval: soon}
surprise: 1
rule_files: [rules.yml, missing.yml]
scrape_configs:
  - job_name: a
    static_configs: [{targets: [localhost:1]}]
  - job_name: a
    static_configs: [{targets: [localhost:1]}]
route: {receiver: nobody}
receivers:
  - {name: people, webhook_configs: [{url: 17}]}
  - {name: people}
)");
  rig.write("rules.yml",
            "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum(\n");
  const std::string file = rig.path("tocsin.yml");
  const Finished run = tocsin({"run", "--config", file, "--storage", "sqlite:" + rig.path("x.db")});
  const Finished check = tocsin({"check", file});
  for (const Finished& refused : {run, check}) {
    EXPECT_EQ(refused.exit_code, 1);
    for (const char* expected :
         {"tocsin.yml:1:", "tocsin.yml:2:1: ", "surprise", "tocsin.yml:3:", "missing.yml",
          "tocsin.yml:7:", "tocsin.yml:9:", "nobody", "tocsin.yml:12:", "rules.yml:5:"}) {
      EXPECT_THAT(refused.output, HasSubstr(expected));
    }
  }
}

TEST(BadConfiguration, FilesThatItNamesAreLookedAt) {
  const Rig rig;
  rig.write("tocsin.yml", R"(route: {receiver: people}
receivers: [{name: people}]
rule_files: [., dangling.yml]
templates: [broken.tmpl]
web:
  bearer_tokens: [{name: a, token_file: gone}]
  cert_file: no.pem
storage: {url: "postgresql://x"}
)");
  rig.write("broken.tmpl", "{{ nosuch }}");
  rig.write("no.pem", "no certificate");
  ASSERT_EQ(::symlink("nowhere", rig.path("dangling.yml").c_str()), 0);
  const std::string file = rig.path("tocsin.yml");
  const Finished run = tocsin({"run", "--config", file});
  const Finished check = tocsin({"check", file});
  for (const Finished& refused : {run, check}) {
    EXPECT_EQ(refused.exit_code, 1);
    for (const char* expected :
         {"tocsin.yml:3:14: rule_files: cannot read", "tocsin.yml:3:17: rule_files: cannot read",
          "broken.tmpl:1:4", "tocsin.yml:6:41: ", "tocsin.yml:7:14: ", "tocsin.yml:8:16: "}) {
      EXPECT_THAT(refused.output, HasSubstr(expected));
    }
  }
}

TEST(BadConfiguration, ADuplicateKeyHasAPlace) {
  const Rig rig;
  rig.write("tocsin.yml", "route: {receiver: a}\nreceivers: [{name: a}]\nroute: {receiver: a}\n");
  const Finished refused = tocsin({"check", rig.path("tocsin.yml")});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("tocsin.yml:3:1"));
}

TEST(BadConfiguration, TakenPortsAndMissingFilesAreSaid) {
  const Rig rig;
  const HttpSink other;
  EXPECT_EQ(tocsin({"run", "--config", rig.path("none.yml")}).exit_code, 1);
  rig.write("tocsin.yml", "route: {receiver: a}\nreceivers: [{name: a}]\n");
  const std::string taken = "127.0.0.1:" + std::to_string(other.port());
  const Finished run = tocsin({"run", "--config", rig.path("tocsin.yml"), "--listen", taken,
                               "--storage", "sqlite:" + rig.path("x.db")});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.output, HasSubstr(taken));
}

}  // namespace
}  // namespace tocsin::testing
