#include "net/http_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "async/event.h"
#include "net/http_client.h"
#include "net/stream.h"
#include "support/real_loop.h"
#include "support/sanitizers.h"

namespace tocsin::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

async::Task<ServerResponse> echo(ServerRequest request) {
  if (request.path == "/throw") {
    throw std::runtime_error("bang");
  }
  ServerResponse response;
  response.headers.set("Content-Type", "text/plain");
  response.body = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) {
    response.body += " " + name + "=" + value;
  }
  response.body += request.loopback ? " loopback " : " public ";
  response.body += request.remote_address;
  if (request.path == "/big") {
    response.body = std::string(100'000, 'x');
  }
  co_return response;
}

/// More than the buffers of both sockets hold.
async::Task<ServerResponse> huge() {
  ServerResponse response;
  response.body = std::string(64U << 20, 'x');
  co_return response;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpServerOptions options = {}, Handler handler = echo) {
    server_ = std::make_unique<HttpServer>(loop_.executor(), loop_.clock(), loop_.timers(),
                                           std::move(options), std::move(handler));
    ASSERT_TRUE(server_->start());
  }
  void TearDown() override {
    loop_.stop();
    if (server_) {
      loop_.run(server_->stop(milliseconds(100)));
    }
  }

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  base::Result<HttpResponse> send(const std::string& method, const std::string& path,
                                  std::string body = "", const std::string& type = "") {
    HttpRequest request;
    request.method = method;
    request.url = url(path);
    request.body = std::move(body);
    if (!type.empty()) {
      request.headers.set("Content-Type", type);
    }
    return loop_.run(client_.send(std::move(request), loop_.in(seconds(10))));
  }
  /// Sends raw bytes and reads until the server closes or `enough` is in the answer.
  std::string raw(std::string bytes, std::string enough = "") {
    return loop_.run(talk(std::move(bytes), std::move(enough)));
  }
  async::Task<std::string> talk(std::string bytes, std::string enough) {
    Stream stream(loop_.executor());
    Address address;
    address.ip = "127.0.0.1";
    address.port = server_->port();
    const base::Status connected = co_await stream.connect(address);
    if (!connected) {
      co_return connected.error().message();
    }
    co_await say(stream, bytes);
    std::string answer;
    std::array<char, 4096> piece;
    while (enough.empty() || answer.find(enough) == std::string::npos) {
      const base::Result<std::size_t> got = co_await stream.read_some(piece.data(), piece.size());
      if (!got || *got == 0) {
        break;
      }
      answer.append(piece.data(), *got);
    }
    co_return answer;
  }
  /// Connects and sends a request.
  static async::Task<bool> connect(Stream& stream, Address address) {
    const base::Status connected = co_await stream.connect(std::move(address));
    if (!connected) {
      co_return false;
    }
    const base::Status written = co_await stream.write("GET / HTTP/1.1\r\n\r\n");
    co_return written.has_value();
  }
  async::Task<> until_connections(std::size_t count) {
    base::Status slept;
    while (server_->stats().connections != count && slept) {
      slept = co_await loop_.timers().sleep_until(loop_.in(milliseconds(2)));
    }
  }
  async::Task<> until_accept_errors() {
    base::Status slept;
    while (server_->stats().accept_errors == 0 && slept) {
      slept = co_await loop_.timers().sleep_until(loop_.in(milliseconds(2)));
    }
  }
  static async::Task<> say(Stream& stream, const std::string& bytes) {
    const base::Status written = co_await stream.write(bytes);
    EXPECT_TRUE(written);
  }

  testing::RealLoop loop_;
  HttpClientImpl client_{loop_.executor(), loop_.clock(), loop_.timers()};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ServesOnAFreePort) {
  start();
  EXPECT_GT(server_->port(), 0);
  EXPECT_TRUE(server_->loopback());
  const base::Result<HttpResponse> response = send("GET", "/a%20b?x=1&y=%2F");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "GET /a b x=1 y=/ loopback 127.0.0.1");
  EXPECT_EQ(server_->stats().requests, 1U);
}

TEST_F(HttpServerTest, MergesForms) {
  start();
  const auto response =
      send("POST", "/q?x=1", "query=a%2Bb", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(response.value().body, "POST /q query=a+b x=1 loopback 127.0.0.1");
}

TEST_F(HttpServerTest, HeadLeavesTheBodyOut) {
  start();
  const std::string answer = raw("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 26\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, CompressesBigAnswersForThoseWhoTakeThem) {
  start();
  const std::string answer =
      raw("GET /big HTTP/1.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Encoding: gzip"), std::string::npos);
  EXPECT_LT(answer.size(), 10'000U);
  const auto response = send("GET", "/big");
  EXPECT_EQ(response.value().body, std::string(100'000, 'x'));
  const std::string plain = raw("GET /big HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_GT(plain.size(), 100'000U);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  const std::string answer = raw(
      "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_LT(answer.find("GET /1"), answer.find("GET /2"));
  EXPECT_LT(answer.find("GET /2"), answer.find("GET /3"));
  EXPECT_NE(answer.find("GET /3"), std::string::npos);
}

TEST_F(HttpServerTest, SendsContinue) {
  start();
  const std::string answer =
      raw("POST /c HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "Continue\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST_F(HttpServerTest, RefusesBadRequestsAndCloses) {
  HttpServerOptions options;
  options.max_header_bytes = 1000;
  options.max_body_bytes = 10;
  start(options);
  EXPECT_TRUE(raw("garbage\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(raw("GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(raw("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n").starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(server_->stats().bad_requests, 3U);
}

TEST_F(HttpServerTest, CutsThoseWhoDawdle) {
  HttpServerOptions options;
  options.idle_timeout = milliseconds(30);
  options.request_timeout = milliseconds(30);
  start(options);
  EXPECT_EQ(raw(""), "");
  EXPECT_TRUE(raw("GET / HT").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(raw("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab").starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AThrowingHandlerGivesAnError) {
  start();
  const auto response = send("GET", "/throw");
  EXPECT_EQ(response.value().status, 500);
  EXPECT_EQ(server_->stats().handler_errors, 1U);
  EXPECT_EQ(send("GET", "/x").value().status, 200);
}

TEST_F(HttpServerTest, RefusesMoreThanItsConnections) {
  HttpServerOptions options;
  options.max_connections = 1;
  start(options);
  EXPECT_EQ(send("GET", "/x").value().status, 200);
  EXPECT_EQ(client_.idle_connections(), 1U);
  EXPECT_TRUE(raw("").starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(server_->stats().refused, 1U);
  client_.close_idle();
}

TEST_F(HttpServerTest, SaysThatThePortIsTaken) {
  start();
  HttpServerOptions options;
  options.port = server_->port();
  HttpServer second(loop_.executor(), loop_.clock(), loop_.timers(), options, echo);
  const base::Status started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), base::ErrorCode::kUnavailable);
  EXPECT_NE(started.error().message().find("in use"), std::string::npos);
  options.host = "not-an-address.invalid";
  HttpServer third(loop_.executor(), loop_.clock(), loop_.timers(), options, echo);
  EXPECT_FALSE(third.start());
}

TEST_F(HttpServerTest, ListensOnEveryAddress) {
  HttpServerOptions options;
  options.host = "";
  start(options);
  EXPECT_FALSE(server_->loopback());
  EXPECT_EQ(send("GET", "/x").value().body, "GET /x public 127.0.0.1");
}

TEST_F(HttpServerTest, CutsThoseWhoDoNotRead) {
  HttpServerOptions options;
  options.write_timeout = milliseconds(50);
  start(options, [](const ServerRequest&) { return huge(); });
  Stream stream(loop_.executor());
  Address address;
  address.ip = "127.0.0.1";
  address.port = server_->port();
  ASSERT_TRUE(loop_.run(connect(stream, address)));
  loop_.run(until_connections(1));
  loop_.run(until_connections(0));
  EXPECT_EQ(server_->stats().requests, 1U);
}

/// The lowest number that the next descriptor would get.
int next_descriptor() {
  const int number = ::dup(0);
  ::close(number);
  return number;
}

TEST_F(HttpServerTest, OutlivesAShortageOfDescriptors) {
  if (testing::kReadsAreCheckedByPipes) {
    GTEST_SKIP() << "the sanitizer needs descriptors";
  }
  start();
  Stream stream(loop_.executor());
  Address address;
  address.ip = "127.0.0.1";
  address.port = server_->port();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The kernel completes the connection; it is the server's accept() that finds no number free.
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next_descriptor()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const bool connected = loop_.run(connect(stream, address));
  loop_.run(until_accept_errors());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(connected);
  loop_.run(until_connections(1));
  EXPECT_EQ(send("GET", "/x").value().status, 200);
}

struct Gate {
  async::Event entered;
  async::Event opened;
  bool open = false;
  bool inside = false;
};

async::Task<ServerResponse> wait_at(Gate& gate) {
  gate.inside = true;
  gate.entered.notify();
  base::Status woken;
  while (!gate.open && woken) {
    woken = co_await gate.opened.wait();
  }
  ServerResponse response;
  response.body = woken ? "done" : "cut";
  co_return response;
}

async::Task<> until_inside(Gate& gate) {
  while (!gate.inside) {
    const base::Status woken = co_await gate.entered.wait();
    if (!woken) {
      co_return;
    }
  }
}

async::Task<> send_and_keep(HttpClient& client, std::string url, base::MonotonicTime deadline,
                            std::string& out) {
  HttpRequest request;
  request.url = std::move(url);
  const base::Result<HttpResponse> response = co_await client.send(std::move(request), deadline);
  out = response ? response->body : std::string(base::to_string(response.error().code()));
}

async::Task<> open_soon(testing::RealLoop& loop, Gate& gate) {
  const base::Status slept = co_await loop.timers().sleep_until(loop.in(milliseconds(20)));
  gate.open = slept.has_value();
  gate.opened.notify();
}

TEST_F(HttpServerTest, StopLetsRunningRequestsEnd) {
  Gate gate{async::Event(loop_.executor()), async::Event(loop_.executor())};
  start({}, [&gate](const ServerRequest&) { return wait_at(gate); });
  std::string out;
  loop_.tasks().spawn("send", send_and_keep(client_, url("/"), loop_.in(seconds(10)), out));
  loop_.run(until_inside(gate));
  loop_.tasks().spawn("open", open_soon(loop_, gate));
  loop_.run(server_->stop(seconds(10)));
  loop_.run(until_inside(gate));
  while (loop_.tasks().size() > 0) {
    loop_.run(open_soon(loop_, gate));
  }
  EXPECT_EQ(out, "done");
  EXPECT_FALSE(send("GET", "/"));
}

TEST_F(HttpServerTest, StopCutsWhatTakesTooLong) {
  Gate gate{async::Event(loop_.executor()), async::Event(loop_.executor())};
  start({}, [&gate](const ServerRequest&) { return wait_at(gate); });
  std::string out;
  loop_.tasks().spawn("send", send_and_keep(client_, url("/"), loop_.in(seconds(10)), out));
  loop_.run(until_inside(gate));
  loop_.run(server_->stop(milliseconds(20)));
  EXPECT_EQ(server_->stats().connections, 0U);
  loop_.stop();
  EXPECT_EQ(out, "unavailable");
}

}  // namespace
}  // namespace tocsin::net
