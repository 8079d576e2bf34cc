#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

using ::testing::HasSubstr;

std::string page_head(std::string_view more = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n" + std::string(more) +
         "\r\n";
}

/// A target that misbehaves beside one that is well.
class BadTarget : public ::testing::Test {
 protected:
  void watch(HttpServer::Handler handler) {
    good_.set("good_metric 1\n");
    bad_ = std::make_unique<HttpServer>(std::move(handler));
    rig_.write("tocsin.yml", "scrape_configs:\n" + scrape_job("good", good_.address()) +
                                 scrape_job("bad", bad_->address(), "    body_size_limit: 1MB\n") +
                                 webhook_route("http://127.0.0.1:1/"));
    rig_.start_ready();
  }

  /// The bad one is down for this reason, the good one is polled as if nothing were the matter.
  void expect_down(const std::string& reason) {
    ASSERT_TRUE(eventually(20s, [this] { return rig_.holds("up{job=\"bad\"} == 0"); }))
        << rig_.log();
    EXPECT_THAT(text_at(rig_.target(bad_->address()), "/lastError"), HasSubstr(reason));
    EXPECT_EQ(text_at(rig_.target(bad_->address()), "/health"), "down");
    EXPECT_FALSE(rig_.holds("bad_metric")) << "half of a page must not be stored";
    EXPECT_FALSE(rig_.holds("count({job=\"bad\", __name__!~\"up|scrape_.*\"})"));
    EXPECT_TRUE(eventually(20s, [this] { return rig_.query("up{job=\"good\"}") == 1; }));
    const std::size_t polls = good_.polls();
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually(20s, [&] { return good_.polls() >= polls + 5; }));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 6s);
  }

  Rig rig_;
  PageServer good_;
  std::unique_ptr<HttpServer> bad_;
};

TEST_F(BadTarget, SendsGarbage) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send(http_answer(200, "bad_metric 1\n\x01\x02 garbage {{{\n",
                                "Content-Type: text/plain; version=0.0.4\r\n"));
  });
  expect_down("");
}

TEST_F(BadTarget, StopsInTheMiddle) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send(page_head("Content-Length: 100\r\n") + "bad_metric 1\nbad_me");
  });
  expect_down("");
}

TEST_F(BadTarget, IsGigantic) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send(page_head("Content-Length: 4000000\r\n"));
    const std::string line = "bad_metric{n=\"" + std::string(983, 'x') + "\"} 1\n";
    for (int i = 0; i < 4000 && connection.send(line); ++i) {
    }
  });
  expect_down("body");
}

TEST_F(BadTarget, NeverEnds) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send(page_head("Transfer-Encoding: chunked\r\n"));
    while (connection.send("d\r\nbad_metric 1\n\r\n")) {
    }
  });
  expect_down("");
}

TEST_F(BadTarget, NeverAnswers) {
  watch([](const HttpMessage&, Connection& connection) { connection.wait_for_end(); });
  expect_down("no complete answer within 200ms");
}

TEST_F(BadTarget, SendsACompressedBomb) {
  const std::string bomb =
      run_program(
          {.argv = {"sh", "-c", "head -c 50000000 /dev/zero | gzip -9 -c"}, .environment = {}})
          .output;
  watch([bomb](const HttpMessage&, Connection& connection) {
    connection.send(page_head("Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: " +
                              std::to_string(bomb.size()) + "\r\n") +
                    bomb);
  });
  expect_down("body");
}

TEST_F(BadTarget, RedirectsInACircle) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send("HTTP/1.1 302 Found\r\nLocation: /metrics\r\nContent-Length: 0\r\n\r\n");
  });
  expect_down("redirects");
}

TEST_F(BadTarget, IsForgivenAHeaderThatIsAlmostRight) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send(
        "HTTP/1.1 200\nContent-Type: text/plain; version=0.0.4\nContent-Length: 13\n\n"
        "bad_metric 1\n");
  });
  EXPECT_TRUE(eventually(20s, [this] { return rig_.holds("bad_metric == 1"); })) << rig_.log();
}

TEST_F(BadTarget, AnswersWithAnErrorStatus) {
  watch([](const HttpMessage&, Connection& connection) {
    connection.send(http_answer(500, "bad_metric 1\n"));
  });
  expect_down("500");
}

TEST(Blindness, IsSaidWhenMostTargetsAreDown) {
  Rig rig;
  PageServer page;
  page.set("good_metric 1\n");
  rig.write("tocsin.yml", "scrape_configs:\n" + scrape_job("good", page.address()) +
                              scrape_job("bad", "127.0.0.1:1") +
                              scrape_job("worse", "127.0.0.1:2") +
                              webhook_route("http://127.0.0.1:1/"));
  rig.start_ready();
  EXPECT_TRUE(eventually(20s, [&] {
    return rig.get("/-/ready").body.find("It is blind: 2 of 3 targets") != std::string::npos;
  })) << rig.get("/-/ready").body;
  EXPECT_EQ(rig.get("/-/ready").status, 200) << "it does what it can";
}

TEST(ForeignDatabase, OfANewerVersionIsRefusedAndLeftAlone) {
  Rig rig;
  rig.write("tocsin.yml", webhook_route("http://127.0.0.1:1/"));
  rig.start_ready();
  ASSERT_EQ(rig.stop(), 0) << rig.log();
  run_program(
      {.argv = {"sqlite3", rig.path("tocsin.db"), "update schema_version set version = 999"},
       .environment = {}});
  const std::string before = rig.read("tocsin.db");
  rig.start();
  EXPECT_EQ(rig.process().wait(10s), 1);
  EXPECT_THAT(rig.log(), HasSubstr("newer tocsin"));
  EXPECT_TRUE(rig.read("tocsin.db") == before) << "it must stay as it was, byte for byte";
  EXPECT_FALSE(std::filesystem::exists(rig.path("tocsin.db-wal"))) << "nothing lies beside it";
}

TEST(ForeignDatabase, OfAnotherProgramIsRefused) {
  Rig rig;
  rig.write("tocsin.yml", webhook_route("http://127.0.0.1:1/"));
  run_program({.argv = {"sqlite3", rig.path("tocsin.db"), "create table theirs (a integer)"},
               .environment = {}});
  const std::string before = rig.read("tocsin.db");
  rig.start();
  EXPECT_EQ(rig.process().wait(10s), 1);
  EXPECT_THAT(rig.log(), HasSubstr("another program"));
  EXPECT_TRUE(rig.read("tocsin.db") == before);
}

}  // namespace
}  // namespace tocsin::testing
