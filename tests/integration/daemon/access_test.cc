#include <gtest/gtest.h>

#include "integration/daemon/rig.h"

namespace tocsin::testing {
namespace {

class ListenerAccess : public ::testing::Test {
 protected:
  void configure(const std::string& web) {
    rig_.write("token", "s3cret-token\n");
    rig_.write("password", "s3cret-password\n");
    rig_.write("tocsin.yml", "web: {" + web + "}\n" + webhook_route("http://127.0.0.1:1/"));
  }
  int status(const std::string& target, std::map<std::string, std::string> headers = {}) {
    return rig_.get(target, std::move(headers)).status;
  }
  std::vector<std::string> everywhere() const {
    return {"--listen", "0.0.0.0:" + std::to_string(rig_.port())};
  }

  Rig rig_;
};

TEST_F(ListenerAccess, OffTheLoopbackWithoutCredentialsOnlyHealthIsServed) {
  configure("");
  rig_.start_ready(everywhere());
  for (const char* open : {"/metrics", "/-/healthy", "/-/ready"}) {
    EXPECT_EQ(status(open), 200) << open;
  }
  for (const char* closed :
       {"/api/v1/query?query=1", "/api/v1/rules", "/api/v1/alerts", "/api/v1/targets",
        "/tocsin/v1/incidents", "/api/v1/status/buildinfo", "/anything"}) {
    EXPECT_EQ(status(closed), 403) << closed;
  }
  EXPECT_EQ(rig_.post("/-/reload").status, 403);
}

TEST_F(ListenerAccess, CredentialsFromFilesOpenIt) {
  configure(
      "bearer_tokens: [{name: grafana, token_file: token}], "
      "basic_auth_users: [{username: ops, password_file: password}]");
  rig_.start_ready(everywhere());
  const std::string target = "/api/v1/query?query=1";
  EXPECT_EQ(status(target), 401);
  EXPECT_EQ(status(target, {{"Authorization", "Bearer s3cret-token"}}), 200);
  EXPECT_EQ(status(target, {{"Authorization", "Bearer wrong"}}), 401);
  EXPECT_EQ(status(target, {{"Authorization", "Basic b3BzOnMzY3JldC1wYXNzd29yZA=="}}), 200);
  EXPECT_EQ(status(target, {{"Authorization", "Basic b3BzOndyb25n"}}), 401);
  EXPECT_EQ(status("/metrics"), 200);
  const Finished asked =
      tocsin({"query", "1", "--server", rig_.url(), "--token-file", rig_.path("token")});
  EXPECT_EQ(asked.exit_code, 0) << asked.output;
  const Finished as_user = tocsin({"query", "1", "--url", rig_.url(), "--user", "ops",
                                   "--password-file", rig_.path("password")});
  EXPECT_EQ(as_user.exit_code, 0) << as_user.output;
  // A page of another site does not have the credentials: it may read what it has them for.
  const HttpMessage foreign = rig_.get(
      target, {{"Authorization", "Bearer s3cret-token"}, {"Origin", "https://dashboards.example"}});
  EXPECT_EQ(foreign.header("access-control-allow-origin"), "*");
  EXPECT_EQ(rig_.log().find("s3cret"), std::string::npos);
}

TEST_F(ListenerAccess, AReloadTakesNewCredentialsAndRevokesOldOnes) {
  const std::string target = "/api/v1/query?query=1";
  const std::map<std::string, std::string> first = {{"Authorization", "Bearer s3cret-token"}};
  const std::map<std::string, std::string> second = {{"Authorization", "Bearer other"}};
  const auto reload = [this](const std::string& token) {
    return http_call({.port = rig_.port(),
                      .method = "POST",
                      .target = "/-/reload",
                      .headers = {{"Authorization", "Bearer " + token}},
                      .body = ""})
        .status;
  };
  configure("bearer_tokens: [{name: a, token_file: token}]");
  rig_.start_ready();
  EXPECT_EQ(status(target, first), 200);
  rig_.write("token", "other\n");
  EXPECT_EQ(reload("s3cret-token"), 200);
  EXPECT_EQ(status(target, first), 401);
  EXPECT_EQ(status(target, second), 200);
  rig_.write("tocsin.yml", "web: {bearer_tokens: [{name: a, token_file: gone}]}\n" +
                               webhook_route("http://127.0.0.1:1/"));
  EXPECT_EQ(reload("other"), 500);
  EXPECT_EQ(status(target, second), 200) << "what was refused changes nothing";
  configure("listen: '127.0.0.1:1'");
  EXPECT_EQ(reload("other"), 200);
  EXPECT_EQ(status(target), 200) << "on the loopback, without credentials";
}

TEST_F(ListenerAccess, AChangeOfTheListenerNeedsARestartAndIsTold) {
  const auto listen = [this](const std::string& host) {
    configure("listen: '" + host + ":" + std::to_string(rig_.port()) + "'");
  };
  listen("127.0.0.1");
  const Process daemon({.argv = {tocsin_binary(), "run", "--config", rig_.path("tocsin.yml"),
                                 "--storage", "sqlite:" + rig_.path("t.db")},
                        .environment = {}});
  ASSERT_TRUE(eventually(20s, [this] { return status("/-/ready") == 200; })) << daemon.output();
  listen("127.0.0.2");
  EXPECT_EQ(rig_.post("/-/reload").status, 200);
  EXPECT_EQ(status("/-/ready"), 200);
  EXPECT_TRUE(eventually(20s, [&daemon] {
    return daemon.output().find("changed=web.listen") != std::string::npos;
  })) << daemon.output();
}

TEST_F(ListenerAccess, WithoutCredentialsPagesOfOtherSitesReadNothingUnlessAllowed) {
  configure("");
  rig_.start_ready();
  const std::string target = "/api/v1/query?query=1";
  const std::map<std::string, std::string> foreign = {{"Origin", "https://a.example"}};
  EXPECT_EQ(rig_.get(target, foreign).header("access-control-allow-origin"), "");
  EXPECT_EQ(rig_.stop(), 0);
  configure("cors_origin: 'https://[a-z]+[.]example'");
  rig_.start_ready();
  EXPECT_EQ(rig_.get(target, foreign).header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(rig_.get(target, {{"Origin", "https://a.example.evil"}})
                .header("access-control-allow-origin"),
            "");
  EXPECT_EQ(rig_.get("/tocsin/v1/incidents", foreign).header("access-control-allow-origin"), "");
}

TEST_F(ListenerAccess, TheConfigurationIsShownWithoutItsSecrets) {
  rig_.write("tocsin.yml",
             "global: {smtp_smarthost: \"127.0.0.1:25\", smtp_from: a@b, "
             "smtp_auth_username: u, smtp_auth_password: hunter2}\n" +
                 webhook_route("http://user:hunter3@127.0.0.1:1/hunter4"));
  rig_.start_ready();
  const std::string shown = rig_.get("/api/v1/status/config").body;
  EXPECT_NE(shown.find("smtp_auth_username: u"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("hunter"), std::string::npos) << shown;
}

}  // namespace
}  // namespace tocsin::testing
