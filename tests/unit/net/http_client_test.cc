#include "net/http_client.h"

#include <gtest/gtest.h>

#include "net/gzip.h"
#include "script.h"
#include "support/real_loop.h"

namespace tocsin::net {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class HttpClientTest : public ::testing::Test {
 protected:
  base::Result<HttpResponse> send(HttpRequest request, milliseconds limit = seconds(10)) {
    return loop_.run(client_.send(std::move(request), loop_.in(limit)));
  }
  base::Result<HttpResponse> get(const std::string& url, milliseconds limit = seconds(10)) {
    HttpRequest request;
    request.url = url;
    return send(std::move(request), limit);
  }
  static std::string describe(const base::Result<HttpResponse>& result) {
    return result ? std::to_string(result->status) + " " + result->body
                  : std::string(base::to_string(result.error().code()));
  }

  testing::RealLoop loop_;
  HttpClientImpl client_{loop_.executor(), loop_.clock(), loop_.timers()};
  // Before what they use goes.
  void TearDown() override { loop_.stop(); }
};

TEST_F(HttpClientTest, GetsAndStampsTheArrival) {
  ScriptedPeer peer(loop_, {{.answer = kOk, .per_request = true}});
  const base::MonotonicTime before = loop_.clock().monotonic_now();
  const base::Result<HttpResponse> response = get(peer.url("/metrics?a=b"));
  ASSERT_EQ(describe(response), "200 ok");
  EXPECT_GE(response->arrived, before);
  EXPECT_LE(response->arrived, loop_.clock().monotonic_now());
  EXPECT_EQ(peer.requests().at(0),
            "GET /metrics?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(peer.port()) +
                "\r\nUser-Agent: tocsin\r\nAccept-Encoding: gzip\r\n\r\n");
}

TEST_F(HttpClientTest, KeepsConnectionsForTheNextRequest) {
  ScriptedPeer peer(loop_, {{.answer = kOk, .per_request = true}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(describe(get(peer.url())), "200 ok");
  }
  EXPECT_EQ(peer.connections(), 1U);
  EXPECT_EQ(client_.idle_connections(), 1U);
  client_.close_idle();
  EXPECT_EQ(describe(get(peer.url())), "200 ok");
  EXPECT_EQ(peer.connections(), 2U);
}

TEST_F(HttpClientTest, APooledConnectionThatWasClosedIsReplaced) {
  // The first connection answers once and closes, though it did not say so.
  ScriptedPeer peer(loop_, {{.answer = kOk}, {.answer = kOk, .per_request = true}});
  EXPECT_EQ(describe(get(peer.url())), "200 ok");
  EXPECT_EQ(describe(get(peer.url())), "200 ok");
  EXPECT_EQ(peer.connections(), 2U);
}

TEST_F(HttpClientTest, SendsBodiesAndHeaders) {
  ScriptedPeer peer(loop_, {{.answer = kOk}});
  HttpRequest request;
  request.method = "POST";
  request.url = "http://me:secret@127.0.0.1:" + std::to_string(peer.port()) + "/hook";
  request.headers.set("Content-Type", "application/json");
  request.body = "{}";
  EXPECT_EQ(describe(send(request)), "200 ok");
  const std::string& sent = peer.requests().at(0);
  EXPECT_NE(sent.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(sent.find("Authorization: Basic bWU6c2VjcmV0\r\n"), std::string::npos);
  EXPECT_TRUE(sent.ends_with("\r\n\r\n{}"));
}

TEST_F(HttpClientTest, RefusesWhatWouldBreakTheRequest) {
  HttpRequest request;
  request.url = "http://127.0.0.1:1/";
  request.headers.set("X", "a\r\nInjected: b");
  EXPECT_EQ(describe(send(request)), "invalid_input");
  request.headers = {{"Bad Name", "x"}};
  EXPECT_EQ(describe(send(request)), "invalid_input");
  request.headers = {};
  request.method = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(describe(send(request)), "invalid_input");
  EXPECT_EQ(describe(get("no url")), "invalid_input");
}

struct Fault {
  std::string name;
  Act act;
  std::string expected;
};

TEST_F(HttpClientTest, NamesEveryFaultOfThePeer) {
  std::string bomb;
  bomb.resize(30'000'000, 'x');
  const std::vector<Fault> faults = {
      {"garbage", {.answer = "220 smtp ready\r\n"}, "corrupt"},
      {"truncated", {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}, "corrupt"},
      {"silent end", {.answer = ""}, "unavailable"},
      {"reset", {.answer = "", .close_first = true}, "unavailable"},
      {"silence", {.answer = "", .keep_open = true}, "timeout"},
      {"slow", {.answer = kOk, .pause = milliseconds(50)}, "timeout"},
      {"stalled",
       {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", .keep_open = true},
       "timeout"},
      {"endless body",
       {.answer = "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'), .endless = true},
       "limit_exceeded"},
      {"endless header", {.answer = "HTTP/1.1 200 OK\r\nA: b\r\n", .endless = true}, "corrupt"},
      {"bomb",
       {.answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip(bomb)},
       "limit_exceeded"},
  };
  for (const Fault& fault : faults) {
    ScriptedPeer peer(loop_, {fault.act});
    HttpRequest request;
    request.url = peer.url("/secret-path");
    request.max_body_bytes = 1'000'000;
    const base::Result<HttpResponse> result = send(request, milliseconds(400));
    EXPECT_EQ(describe(result), fault.expected) << fault.name;
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message().find("secret"), std::string::npos);
    EXPECT_EQ(client_.idle_connections(), 0U);
    loop_.stop();
  }
}

TEST_F(HttpClientTest, AHalfReadAnswerIsNeverReused) {
  ScriptedPeer peer(loop_, {{.answer = kOk + "surplus", .keep_open = true},
                            {.answer = kOk, .per_request = true}});
  EXPECT_EQ(describe(get(peer.url())), "200 ok");
  EXPECT_EQ(client_.idle_connections(), 0U);
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  {
    const auto listener = Listener::open(loop_.executor(), "127.0.0.1", 0);
    port = listener->port();
  }
  const base::Result<HttpResponse> result = get("http://127.0.0.1:" + std::to_string(port) + "/x");
  ASSERT_EQ(describe(result), "unavailable");
  EXPECT_EQ(result.error().message(), "http://127.0.0.1:" + std::to_string(port) + ": 127.0.0.1:" +
                                          std::to_string(port) + ": Connection refused");
}

TEST_F(HttpClientTest, SaysThatANameDoesNotExist) {
  const base::Result<HttpResponse> result = get("http://no-such-name.invalid/");
  ASSERT_FALSE(result);
  EXPECT_NE(describe(result), "internal");
}

TEST_F(HttpClientTest, ResolvesLocalhost) {
  ScriptedPeer peer(loop_, {{.answer = kOk}});
  EXPECT_EQ(describe(get("http://localhost:" + std::to_string(peer.port()) + "/")), "200 ok");
}

TEST_F(HttpClientTest, FollowsRedirectsOnRequestOnly) {
  ScriptedPeer target(loop_, {{.answer = kOk, .per_request = true}});
  ScriptedPeer peer(loop_, {{.answer = "HTTP/1.1 302 Found\r\nLocation: " + target.url("/there") +
                                       "\r\nContent-Length: 0\r\n\r\n",
                             .per_request = true}});
  EXPECT_EQ(describe(get(peer.url())), "302 ");
  HttpRequest request;
  request.method = "POST";
  request.body = "x";
  request.url = peer.url();
  request.follow_redirects = true;
  EXPECT_EQ(describe(send(request)), "200 ok");
  EXPECT_TRUE(target.requests().at(0).starts_with("GET /there "));
}

TEST_F(HttpClientTest, CredentialsFollowARedirectWithinTheHostOnly) {
  ScriptedPeer target(loop_, {{.answer = kOk, .per_request = true}});
  const std::string elsewhere = "http://localhost:" + std::to_string(target.port()) + "/other";
  const std::string back = target.url("/back");
  const auto to = [](const std::string& url) {
    return Act{.answer = "HTTP/1.1 302 Found\r\nLocation: " + url +
                         "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"};
  };
  ScriptedPeer detour(loop_, {to(back)});
  const std::string by_name = "http://localhost:" + std::to_string(detour.port()) + "/";
  ScriptedPeer peer(loop_, {to(target.url("/port")), to(elsewhere), to(by_name)});
  HttpRequest request;
  request.headers.set("Authorization", "Bearer secret");
  request.headers.set("X-Mine", "stays");
  request.url = peer.url();
  request.follow_redirects = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(describe(send(request)), "200 ok");
  }
  ASSERT_EQ(target.requests().size(), 3U);
  const auto has = [&target](std::size_t at, const char* text) {
    return target.requests()[at].find(text) != std::string::npos;
  };
  EXPECT_TRUE(has(0, "/port")) << "another port of the same host";
  EXPECT_TRUE(has(0, "Bearer secret"));
  EXPECT_TRUE(has(1, "/other"));
  EXPECT_FALSE(has(1, "secret"));
  EXPECT_TRUE(has(2, "/back"));
  EXPECT_FALSE(has(2, "secret")) << "what was taken off on the way does not come back";
  EXPECT_TRUE(has(1, "X-Mine: stays"));
}

TEST_F(HttpClientTest, GivesUpOnRedirectLoops) {
  ScriptedPeer peer(loop_,
                    {{.answer = "HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
                      .per_request = true}});
  HttpRequest request;
  request.url = peer.url();
  request.follow_redirects = true;
  const base::Result<HttpResponse> result = send(request);
  ASSERT_EQ(describe(result), "limit_exceeded");
  EXPECT_EQ(result.error().message(),
            "http://127.0.0.1:" + std::to_string(peer.port()) + ": gave up after 10 redirects");
  EXPECT_EQ(peer.requests().size(), 11U);
}

async::Task<> send_and_keep(HttpClient& client, HttpRequest request, base::MonotonicTime deadline,
                            std::string& out) {
  const base::Result<HttpResponse> response = co_await client.send(std::move(request), deadline);
  out = response ? "answer" : std::string(base::to_string(response.error().code()));
}

TEST_F(HttpClientTest, CancellationIsAnOutcome) {
  ScriptedPeer peer(loop_, {{.answer = "", .keep_open = true}});
  std::string out;
  HttpRequest request;
  request.url = peer.url();
  async::TaskGroup group(loop_.executor(), {});
  group.spawn("send", send_and_keep(client_, request, loop_.in(seconds(60)), out));
  EXPECT_EQ(describe(get(peer.url(), milliseconds(50))), "timeout");
  loop_.run(group.stop(loop_.timers(), loop_.clock(), seconds(5)));
  EXPECT_EQ(out, "cancelled");
}

}  // namespace
}  // namespace tocsin::net
