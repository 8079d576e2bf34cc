#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "async/event.h"
#include "net/http_server.h"
#include "support/real_loop.h"

namespace tocsin::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A client that can close one side only.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(); }

  void send(const std::string& text) const {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  void close_sending_side() const { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) {
      ::close(socket_);
    }
    socket_ = -1;
  }
  /// What has come so far.
  std::string received() {
    std::array<char, 4096> piece;
    while (true) {
      const ssize_t got = ::recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
      if (got <= 0) {
        return received_;
      }
      received_.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int socket_;
  std::string received_;
};

class ClientWatchTest : public ::testing::Test {
 protected:
  ClientWatchTest() : opened_(loop_.executor()) {
    server_ = std::make_unique<HttpServer>(
        loop_.executor(), loop_.clock(), loop_.timers(), HttpServerOptions(),
        [this](ServerRequest request) { return wait_at_the_gate(std::move(request)); });
    EXPECT_TRUE(server_->start());
  }
  void TearDown() override {
    loop_.stop();
    loop_.run(server_->stop(milliseconds(100)));
  }

  async::Task<ServerResponse> wait_at_the_gate(ServerRequest request) {
    asked_.push_back(request.path);
    base::Status woken;
    while (!open_ && woken) {
      woken = co_await opened_.wait();
    }
    ++(woken ? answered_ : cancelled_);
    ServerResponse response;
    response.body = "answer to " + request.path;
    co_return response;
  }
  void open() {
    open_ = true;
    opened_.notify();
  }
  async::Task<> pause(milliseconds time) {
    const base::Status slept = co_await loop_.timers().sleep_until(loop_.in(time));
    EXPECT_TRUE(slept);
  }
  template <class Condition>
  bool eventually(Condition condition) {
    for (int i = 0; i < 2500 && !condition(); ++i) {
      loop_.run(pause(milliseconds(2)));
    }
    return condition();
  }

  testing::RealLoop loop_;
  async::Event opened_;
  bool open_ = false;
  std::vector<std::string> asked_;
  int answered_ = 0;
  int cancelled_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ClientWatchTest, AHandlerEndsWhenItsClientCloses) {
  RawClient client(server_->port());
  client.send("GET /slow HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return asked_.size() == 1; }));
  client.close();
  EXPECT_TRUE(eventually([this] { return cancelled_ == 1; }));
  EXPECT_TRUE(eventually([this] { return server_->stats().connections == 0; }));
  EXPECT_EQ(server_->stats().clients_gone, 1U);
}

TEST_F(ClientWatchTest, AHandlerEndsWhenItsClientResets) {
  RawClient client(server_->port());
  client.send("GET /slow HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return asked_.size() == 1; }));
  client.close();
  EXPECT_TRUE(eventually([this] { return cancelled_ == 1; }));
  EXPECT_EQ(asked_, (std::vector<std::string>{"/slow"}));
}

TEST_F(ClientWatchTest, AClientThatHasClosedItsSendingSideGetsItsAnswer) {
  RawClient client(server_->port());
  client.send("GET /slow HTTP/1.1\r\n\r\n");
  client.close_sending_side();
  ASSERT_TRUE(eventually([&client] { return !client.received().empty(); }));
  EXPECT_EQ(client.received(), "HTTP/1.1 102 Processing\r\n\r\n");
  loop_.run(pause(milliseconds(250)));
  EXPECT_EQ(cancelled_, 0);
  open();
  EXPECT_TRUE(eventually(
      [&client] { return client.received().find("answer to /slow") != std::string::npos; }));
}

TEST_F(ClientWatchTest, AnOldClientThatClosesItsSendingSideIsGone) {
  RawClient client(server_->port());
  client.send("GET /slow HTTP/1.0\r\n\r\n");
  client.close_sending_side();
  EXPECT_TRUE(eventually([this] { return cancelled_ == 1; }));
  EXPECT_EQ(client.received(), "");
}

TEST_F(ClientWatchTest, QuickAnswersAreNotWatched) {
  open();
  RawClient client(server_->port());
  client.send("GET /quick HTTP/1.1\r\n\r\n");
  client.close_sending_side();
  EXPECT_TRUE(eventually(
      [&client] { return client.received().find("answer to /quick") != std::string::npos; }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 "));
}

TEST_F(ClientWatchTest, PipelinedRequestsWaitForTheirTurn) {
  RawClient client(server_->port());
  client.send("GET /1 HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return asked_.size() == 1; }));
  loop_.run(pause(milliseconds(50)));
  client.send("GET /2 HTTP/1.1\r\n\r\nGET /3 HT");
  loop_.run(pause(milliseconds(20)));
  client.send("TP/1.1\r\n\r\n");
  loop_.run(pause(milliseconds(20)));
  EXPECT_EQ(asked_.size(), 1U);
  open();
  EXPECT_TRUE(eventually(
      [&client] { return client.received().find("answer to /3") != std::string::npos; }));
  EXPECT_EQ(asked_, (std::vector<std::string>{"/1", "/2", "/3"}));
  EXPECT_LT(client.received().find("answer to /1"), client.received().find("answer to /2"));
}

TEST_F(ClientWatchTest, AFloodOfPipelinedRequestsIsNotKept) {
  RawClient client(server_->port());
  client.send("GET /1 HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return asked_.size() == 1; }));
  const std::string more = "GET /more HTTP/1.1\r\nX: " + std::string(1000, 'x') + "\r\n\r\n";
  for (int i = 0; i < 100; ++i) {
    client.send(more);
    loop_.run(pause(milliseconds(1)));
  }
  open();
  EXPECT_TRUE(eventually([this] { return asked_.size() == 101; }));
  EXPECT_TRUE(eventually([&client] {
    return client.received().size() > 0 && client.received().ends_with("answer to /more");
  }));
  EXPECT_EQ(cancelled_, 0);
}

TEST_F(ClientWatchTest, AClientThatClosesBehindAFloodIsNoticed) {
  RawClient client(server_->port());
  client.send("GET /1 HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(eventually([this] { return asked_.size() == 1; }));
  const std::string more = "GET /more HTTP/1.1\r\nX: " + std::string(1000, 'x') + "\r\n\r\n";
  for (int i = 0; i < 100; ++i) {
    client.send(more);
    loop_.run(pause(milliseconds(1)));
  }
  loop_.run(server_->stop(milliseconds(50)));
  EXPECT_EQ(cancelled_, 1);
  EXPECT_EQ(asked_.size(), 1U);
}

}  // namespace
}  // namespace tocsin::net
