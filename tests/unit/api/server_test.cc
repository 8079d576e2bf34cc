#include "api/server.h"

#include <gtest/gtest.h>

#include "fakes.h"
#include "net/http_client.h"
#include "support/real_loop.h"

namespace tocsin::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    server_ = std::make_unique<Server>(loop_.executor(), loop_.clock(), loop_.timers(), views_,
                                       queries_, commands_, std::move(options));
    ASSERT_TRUE(server_->start());
  }
  void TearDown() override { loop_.run(server_->stop(milliseconds(100))); }

  net::HttpResponse send(const std::string& method, const std::string& path,
                         const std::string& form = "", const std::string& token = "") {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    request.body = form;
    if (!form.empty()) {
      request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    }
    if (!token.empty()) {
      request.headers.set("Authorization", "Bearer " + token);
    }
    return loop_.run(client_.send(std::move(request), loop_.in(seconds(10)))).value();
  }

  testing::RealLoop loop_;
  FakeViews views_;
  FakeQueries queries_;
  FakeCommands commands_;
  net::HttpClientImpl client_{loop_.executor(), loop_.clock(), loop_.timers()};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersOverRealSockets) {
  start();
  EXPECT_EQ(send("GET", "/-/healthy").status, 200);
  EXPECT_EQ(send("HEAD", "/-/ready").body, "");
  EXPECT_EQ(send("GET", "/metrics").body, "tocsin_up 1\n");
  EXPECT_EQ(send("GET", "/api/v1/query?query=1&time=1.5").body,
            R"({"status":"success","data":{"resultType":"scalar","result":[1.5,"1"]}})");
  EXPECT_EQ(send("POST", "/api/v1/query", "query=0%2B1&time=2").body,
            R"({"status":"success","data":{"resultType":"scalar","result":[2,"1"]}})");
  EXPECT_EQ(queries_.parsed.back(), "0+1");
  EXPECT_EQ(send("PUT", "/-/reload").status, 200);
  EXPECT_EQ(commands_.reloads, 1);
  EXPECT_EQ(send("GET", "/nope").status, 404);
  EXPECT_EQ(server_->stats().requests, 7U);
}

TEST_F(ServerTest, TokensOpenIt) {
  ServerOptions options;
  options.http.host = "";
  options.auth.tokens.push_back({"me", base::Secret("abc"), Role::kOperator});
  start(std::move(options));
  EXPECT_EQ(send("GET", "/metrics").status, 200);
  EXPECT_EQ(send("GET", "/api/v1/alerts").status, 401);
  EXPECT_EQ(send("GET", "/api/v1/alerts", "", "abd").status, 401);
  EXPECT_EQ(send("GET", "/api/v1/alerts", "", "abc").status, 200);
}

TEST_F(ServerTest, WithoutTokensEveryAddressMeansOpenPathsOnly) {
  ServerOptions options;
  options.http.host = "";
  start(std::move(options));
  EXPECT_EQ(send("GET", "/-/healthy").status, 200);
  EXPECT_EQ(send("GET", "/api/v1/alerts").status, 403);
  EXPECT_EQ(send("POST", "/-/reload").status, 403);
}

}  // namespace
}  // namespace tocsin::api
