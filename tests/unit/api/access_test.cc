#include "api/access.h"

#include <gtest/gtest.h>

#include "net/base64.h"

namespace tocsin::api {
namespace {

AuthOptions some_credentials() {
  AuthOptions options;
  options.tokens.push_back({"robot", base::Secret("token-1"), Role::kViewer});
  options.tokens.push_back({"deploy", base::Secret("token-2"), Role::kOperator});
  options.users.push_back({"me", base::Secret("pass:word"), Role::kOperator});
  return options;
}

struct Case {
  std::string path;
  std::string authorization;
  Role needed;
  Access expected;
};

Access check(const AuthOptions& options, const Case& test, bool loopback) {
  net::ServerRequest request;
  request.path = test.path;
  request.loopback = loopback;
  if (!test.authorization.empty()) {
    request.headers.set("authorization", test.authorization);
  }
  return check_access(options, request, test.needed);
}

TEST(CheckAccess, WithCredentialsAsksForThemEverywhereElse) {
  const AuthOptions options = some_credentials();
  const std::string good = "Basic " + net::base64_encode("me:pass:word");
  const std::vector<Case> cases = {
      {"/metrics", "", Role::kViewer, Access::kGranted},
      {"/-/healthy", "", Role::kViewer, Access::kGranted},
      {"/-/ready", "Bearer wrong", Role::kViewer, Access::kGranted},
      {"/metrics/", "", Role::kViewer, Access::kUnauthorized},
      {"/api/v1/query", "", Role::kViewer, Access::kUnauthorized},
      {"/api/v1/query", "Bearer token-1", Role::kViewer, Access::kGranted},
      {"/api/v1/query", "bearer  token-1", Role::kViewer, Access::kGranted},
      {"/api/v1/query", "Bearer token-", Role::kViewer, Access::kUnauthorized},
      {"/api/v1/query", "Bearer token-11", Role::kViewer, Access::kUnauthorized},
      {"/api/v1/query", "Bearer ", Role::kViewer, Access::kUnauthorized},
      {"/api/v1/query", "Digest token-1", Role::kViewer, Access::kUnauthorized},
      {"/-/reload", "Bearer token-1", Role::kOperator, Access::kForbidden},
      {"/-/reload", "Bearer token-2", Role::kOperator, Access::kGranted},
      {"/-/reload", good, Role::kOperator, Access::kGranted},
      {"/-/reload", "Basic " + net::base64_encode("me:wrong"), Role::kOperator,
       Access::kUnauthorized},
      {"/-/reload", "Basic " + net::base64_encode("you:pass:word"), Role::kOperator,
       Access::kUnauthorized},
      {"/-/reload", "Basic " + net::base64_encode("me"), Role::kOperator, Access::kUnauthorized},
      {"/-/reload", "Basic !!!", Role::kOperator, Access::kUnauthorized},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(check(options, test, true), test.expected) << test.path << " " << test.authorization;
    EXPECT_EQ(check(options, test, false), test.expected) << test.path << " " << test.authorization;
  }
}

TEST(CheckAccess, WithoutCredentialsOnlyTheLoopbackIsOpen) {
  for (const std::string path : {"/api/v1/query", "/-/reload", "/tocsin/v1/incidents", "/"}) {
    EXPECT_EQ(check({}, {path, "", Role::kOperator, {}}, true), Access::kGranted);
    EXPECT_EQ(check({}, {path, "", Role::kOperator, {}}, false), Access::kForbidden);
  }
  for (const std::string path : {"/metrics", "/-/healthy", "/-/ready", "/health"}) {
    EXPECT_EQ(check({}, {path, "", Role::kViewer, {}}, false), Access::kGranted);
  }
}

TEST(CheckAccess, EmptySecretsOpenNothing) {
  AuthOptions options;
  options.tokens.push_back({"broken", base::Secret(""), Role::kOperator});
  options.users.push_back({"me", base::Secret(""), Role::kOperator});
  EXPECT_EQ(check(options, {"/x", "Bearer ", Role::kViewer, {}}, true), Access::kUnauthorized);
  EXPECT_EQ(check(options, {"/x", "Basic " + net::base64_encode("me:"), Role::kViewer, {}}, true),
            Access::kUnauthorized);
}

TEST(EqualConstantTime, ComparesTexts) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "abcabc"));
  EXPECT_FALSE(equal_constant_time("", "a"));
  EXPECT_FALSE(equal_constant_time("a", ""));
}

}  // namespace
}  // namespace tocsin::api
