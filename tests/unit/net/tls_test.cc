#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/subprocess.h"
#include "support/real_loop.h"

namespace tocsin::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

async::Task<ServerResponse> hello(ServerRequest request) {
  ServerResponse response;
  response.body = "hello " + request.path;
  co_return response;
}

/// Answers /slow after 60 ms, and says nothing to /never.
async::Task<ServerResponse> dawdle(testing::RealLoop& loop, ServerRequest request, int& cut) {
  const auto time = request.path == "/never" ? milliseconds(60'000) : milliseconds(60);
  const base::Status slept = co_await loop.timers().sleep_until(loop.in(time));
  cut += slept ? 0 : 1;
  co_return co_await hello(std::move(request));
}

/// Certificates are made by the openssl command: a self-signed one for localhost.
class Tls : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    Command command;
    command.argv = {"openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=localhost",
                    "-addext",
                    "subjectAltName=DNS:localhost",
                    "-keyout",
                    folder_ + "/key.pem",
                    "-out",
                    folder_ + "/cert.pem"};
    const auto made = loop_.run(
        run_command(loop_.timers(), loop_.clock(), std::move(command), loop_.in(seconds(30))));
    ASSERT_TRUE(made) << made.error().message();
    ASSERT_EQ(made->exit_code, 0) << made->errors;
    options_.cert_file = folder_ + "/cert.pem";
    options_.key_file = folder_ + "/key.pem";
  }
  void start(Handler handler = hello) {
    server_ = std::make_unique<HttpServer>(loop_.executor(), loop_.clock(), loop_.timers(),
                                           options_, std::move(handler));
    ASSERT_TRUE(server_->start());
  }
  void TearDown() override {
    client_.close_idle();
    if (server_) {
      loop_.run(server_->stop(milliseconds(100)));
    }
    std::filesystem::remove_all(folder_);
  }
  std::string get(const std::string& host, TlsOptions tls, const std::string& scheme = "https") {
    HttpRequest request;
    request.url = scheme + "://" + host + ":" + std::to_string(server_->port()) + "/x";
    request.tls = std::move(tls);
    const auto response = loop_.run(client_.send(std::move(request), loop_.in(seconds(10))));
    last_error_ = response ? "" : response.error().message();
    return response ? response->body : std::string(base::to_string(response.error().code()));
  }

  testing::RealLoop loop_;
  HttpClientImpl client_{loop_.executor(), loop_.clock(), loop_.timers()};
  std::string folder_;
  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
  std::string last_error_;
};

TEST_F(Tls, VerifiesAgainstTheGivenAuthority) {
  start();
  TlsOptions tls;
  tls.ca_file = options_.cert_file;
  EXPECT_EQ(get("localhost", tls), "hello /x") << last_error_;
  EXPECT_EQ(get("localhost", tls), "hello /x");
  EXPECT_EQ(server_->stats().accepted, 1U);  // kept alive
}

TEST_F(Tls, RefusesUnknownAuthoritiesAndOtherNames) {
  start();
  EXPECT_EQ(get("localhost", {}), "denied");
  EXPECT_NE(last_error_.find("certificate"), std::string::npos) << last_error_;
  TlsOptions tls;
  tls.ca_file = options_.cert_file;
  EXPECT_EQ(get("127.0.0.1", tls), "denied");
  tls.server_name = "localhost";
  EXPECT_EQ(get("127.0.0.1", tls), "hello /x") << last_error_;
  TlsOptions careless;
  careless.insecure_skip_verify = true;
  EXPECT_EQ(get("127.0.0.1", careless), "hello /x") << last_error_;
}

TEST_F(Tls, SaysWhichFileIsBad) {
  start();
  TlsOptions tls;
  tls.ca_file = "/no/such/ca.pem";
  EXPECT_EQ(get("localhost", tls), "denied");
  EXPECT_NE(last_error_.find("/no/such/ca.pem"), std::string::npos) << last_error_;
  options_.key_file = "/no/such/key.pem";
  HttpServer broken(loop_.executor(), loop_.clock(), loop_.timers(), options_, hello);
  const base::Status started = broken.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find("key.pem"), std::string::npos);
}

async::Task<> until_cut(testing::RealLoop& loop, const int& cut) {
  base::Status slept;
  while (cut == 0 && slept) {
    slept = co_await loop.timers().sleep_until(loop.in(milliseconds(2)));
  }
}

TEST_F(Tls, AHandlerEndsWhenItsClientHasGone) {
  int cut = 0;
  start([&](ServerRequest request) { return dawdle(loop_, std::move(request), cut); });
  TlsOptions tls;
  tls.ca_file = options_.cert_file;
  // Watched while it works, and the connection is as good as before.
  EXPECT_EQ(get("localhost", tls), "hello /x") << last_error_;
  EXPECT_EQ(get("localhost", tls), "hello /x") << last_error_;
  EXPECT_EQ(server_->stats().accepted, 1U);
  EXPECT_EQ(cut, 0);
  HttpRequest request;
  request.url = "https://localhost:" + std::to_string(server_->port()) + "/never";
  request.tls = tls;
  const auto response = loop_.run(client_.send(std::move(request), loop_.in(milliseconds(100))));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), base::ErrorCode::kTimeout);
  loop_.run(until_cut(loop_, cut));
  EXPECT_EQ(cut, 1);
  EXPECT_EQ(server_->stats().clients_gone, 1U);
}

TEST_F(Tls, PlainAndTlsDoNotMix) {
  start();
  EXPECT_NE(get("localhost", {}, "http"), "hello /x");
  HttpServerOptions plain;
  HttpServer server(loop_.executor(), loop_.clock(), loop_.timers(), plain, hello);
  ASSERT_TRUE(server.start());
  HttpRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  const auto response = loop_.run(client_.send(std::move(request), loop_.in(seconds(10))));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), base::ErrorCode::kDenied);
  loop_.run(server.stop(milliseconds(100)));
}

}  // namespace
}  // namespace tocsin::net
