#include "http_config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_file_system.h"

namespace tocsin::http_config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct Decoded {
  HttpOptions options;
  std::vector<std::string> problems;
  std::vector<std::string> warnings;
};

Decoded decode(const std::string& text, const base::FileSystem* files = nullptr) {
  Decoded decoded;
  const auto document = yaml::Document::parse(text, "tocsin.yml");
  if (!document) {
    decoded.problems.push_back(document.error().to_string());
    return decoded;
  }
  yaml::Problems problems;
  yaml::MappingReader reader(document->root(), "http_config", problems);
  decoded.options =
      decode_http_options(reader, {.folder = "/etc/tocsin", .files = files}, problems);
  reader.finish();
  for (const base::Error& problem : problems.errors()) {
    decoded.problems.push_back(problem.to_string());
  }
  for (const base::Error& warning : problems.warnings()) {
    decoded.warnings.push_back(warning.to_string());
  }
  return decoded;
}

std::vector<std::string> revealed(const std::vector<base::Secret>& secrets) {
  std::vector<std::string> texts;
  for (const base::Secret& secret : secrets) {
    if (!secret.empty()) {
      texts.push_back(secret.reveal());
    }
  }
  return texts;
}

TEST(HttpOptions, AreNothingByDefault) {
  const Decoded decoded = decode("{}");
  EXPECT_THAT(decoded.problems, IsEmpty());
  net::HttpRequest request;
  EXPECT_TRUE(apply(decoded.options, testing::FakeFileSystem(), request));
  EXPECT_THAT(request.headers.all(), IsEmpty());
  EXPECT_TRUE(request.follow_redirects);
  EXPECT_THAT(revealed(secrets(decoded.options, testing::FakeFileSystem())), IsEmpty());
}

TEST(HttpOptions, FindFilesBesideTheConfiguration) {
  testing::FakeFileSystem files{{"/etc/tocsin/user", "me"}, {"/etc/tocsin/password", "p4ss\n"}};
  const Decoded decoded = decode(
      "{basic_auth: {username_file: user, password_file: password}, "
      "tls_config: {ca_file: /ca.pem, server_name: s}}",
      &files);
  EXPECT_THAT(decoded.problems, ElementsAre(HasSubstr("/ca.pem")));
  net::HttpRequest request;
  EXPECT_TRUE(apply(decoded.options, files, request));
  EXPECT_EQ(request.headers.get("Authorization"), "Basic bWU6cDRzcw==");
  EXPECT_EQ(request.tls.server_name, "s");
  EXPECT_EQ(request.tls.ca_file, "/ca.pem");
  EXPECT_THAT(revealed(secrets(decoded.options, files)), ElementsAre("p4ss"));
}

TEST(HttpOptions, ReadSecretsForEachRequest) {
  testing::FakeFileSystem files{{"/token", "one"}};
  const Decoded decoded = decode(
      "{authorization: {type: Token, credentials_file: /token}, "
      "http_headers: {X-A: {values: [a], secrets: [b], files: [/c]}}}");
  net::HttpRequest request;
  const base::Status failed = apply(decoded.options, files, request);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().to_string(), HasSubstr("/c"));
  files.write("/c", "c");
  EXPECT_TRUE(apply(decoded.options, files, request));
  EXPECT_EQ(request.headers.get("Authorization"), "Token one");
  EXPECT_EQ(request.headers.get("X-A"), "a, b, c");
  files.write("/token", "two");
  EXPECT_THAT(revealed(secrets(decoded.options, files)),
              UnorderedElementsAre("two", "a", "b", "c"));
  net::HttpRequest next;
  EXPECT_TRUE(apply(decoded.options, files, next));
  EXPECT_EQ(next.headers.get("Authorization"), "Token two");
  files.remove("/token");
  net::HttpRequest third;
  EXPECT_FALSE(apply(decoded.options, files, third));
}

TEST(HttpOptions, LeaveAnAuthorizationOfTheRequestItself) {
  const Decoded decoded = decode("{bearer_token: t}");
  net::HttpRequest request;
  request.headers.set("Authorization", "Bearer own");
  EXPECT_TRUE(apply(decoded.options, testing::FakeFileSystem(), request));
  EXPECT_EQ(request.headers.get("Authorization"), "Bearer own");
}

TEST(HttpOptions, WarnOfOldTls) {
  const Decoded decoded = decode("{tls_config: {min_version: TLS10}}");
  EXPECT_THAT(decoded.problems, IsEmpty());
  EXPECT_THAT(decoded.warnings, ElementsAre(HasSubstr("TLS 1.2 is the least")));
}

}  // namespace
}  // namespace tocsin::http_config
