#include "net/url.h"

#include <gtest/gtest.h>

#include "net/base64.h"

namespace tocsin::net {
namespace {

struct Case {
  std::string text;
  std::string host;
  std::uint16_t port;
  std::string target;
  std::string origin;
};

TEST(ParseUrl, TakesAbsoluteHttpUrlsApart) {
  const std::vector<Case> cases = {
      {"http://example.org", "example.org", 80, "/", "http://example.org"},
      {"HTTPS://Example.org/a?b=c#d", "Example.org", 443, "/a?b=c", "https://Example.org"},
      {"http://example.org:8080/metrics", "example.org", 8080, "/metrics",
       "http://example.org:8080"},
      {"http://[::1]:9100/", "::1", 9100, "/", "http://[::1]:9100"},
      {"http://127.0.0.1:1/x%20y", "127.0.0.1", 1, "/x%20y", "http://127.0.0.1:1"},
      {"http://example.org?x=1", "example.org", 80, "/?x=1", "http://example.org"},
      {"http://unix%3A%2Frun%2Fa.sock/x", "unix:/run/a.sock", 80, "/x", "http://unix:/run/a.sock"},
  };
  for (const Case& test : cases) {
    const base::Result<Url> url = parse_url(test.text);
    ASSERT_TRUE(url) << test.text;
    EXPECT_EQ(url->host, test.host);
    EXPECT_EQ(url->port, test.port);
    EXPECT_EQ(url->target, test.target);
    EXPECT_EQ(url->origin(), test.origin);
  }
}

TEST(ParseUrl, ReadsUserAndPassword) {
  const base::Result<Url> url = parse_url("https://me:p%40ss@example.org/");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->has_user);
  EXPECT_EQ(url->user, "me");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->origin(), "https://example.org");
}

TEST(ParseUrl, RefusesWithoutRepeatingTheText) {
  for (const std::string text :
       {"", "secret", "/secret", "ftp://secret/", "http://", "http:///secret",
        "http://secret:99999/", "http://se cret/", "http://a/%zz"}) {
    const base::Result<Url> url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), base::ErrorCode::kInvalidInput);
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos);
  }
}

TEST(ResolveReference, FollowsRelativeAndAbsolute) {
  EXPECT_EQ(resolve_reference("http://a/b/c?d", "e").value(), "http://a/b/e");
  EXPECT_EQ(resolve_reference("http://a/b/c?d", "/e?f=1").value(), "http://a/e?f=1");
  EXPECT_EQ(resolve_reference("http://a/b", "https://x/y").value(), "https://x/y");
  EXPECT_EQ(resolve_reference("http://a/b", "//x/y").value(), "http://x/y");
  EXPECT_FALSE(resolve_reference("http://a/b", "http://[broken"));
}

TEST(PercentCoding, RoundTripsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a b/c~"), "a%20b%2Fc~");
  EXPECT_EQ(percent_decode("%41%zz%4"), "A%zz%4");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
}

TEST(ParseQuery, KeepsOrderAndRepetition) {
  const QueryParameters expected = {{"a", "1"}, {"b", ""}, {"a", "x y"}, {"c[]", "="}, {"d", ""}};
  EXPECT_EQ(parse_query("a=1&b=&&a=x+y&c%5B%5D==&d"), expected);
  EXPECT_EQ(parse_query(format_query(expected)), expected);
  EXPECT_TRUE(parse_query("").empty());
}

TEST(ParseHostPort, NeedsAPort) {
  using Parsed = std::pair<std::string, std::uint16_t>;
  EXPECT_EQ(parse_host_port("127.0.0.1:9746").value(), Parsed("127.0.0.1", 9746));
  EXPECT_EQ(parse_host_port("[::1]:0").value(), Parsed("::1", 0));
  EXPECT_EQ(parse_host_port(":9746").value(), Parsed("", 9746));
  for (const char* text : {"", "localhost", "a:", "a:b", "a:70000", "::1:80", "a:-1"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(Base64, RoundTrips) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_decode("Zm8=").value(), "fo");
  EXPECT_EQ(base64_decode("Zm9vYmFy").value(), "foobar");
  EXPECT_FALSE(base64_decode("Z"));
  EXPECT_FALSE(base64_decode("Z!=="));
}

struct Hop {
  const char* first;
  const char* from;
  const char* to;
  bool carries;
};

TEST(Url, SaysWhereCredentialsMayFollowARedirect) {
  const std::vector<Hop> hops = {
      {"http://a.test/", "http://a.test/", "http://a.test/b", true},
      {"http://a.test/", "http://a.test/", "http://A.TEST:8080/", true},
      {"http://a.test/", "http://a.test/", "https://a.test/", true},
      {"http://a.test/", "http://a.test/", "http://b.a.test/", true},
      {"http://a.test/", "http://a.test/", "http://ba.test/", false},
      {"http://a.test/", "http://a.test/", "http://test/", false},
      {"http://b.a.test/", "http://b.a.test/", "http://a.test/", false},
      {"http://a.test/", "http://a.test/", "http://a.test.evil/", false},
      {"http://a.test/", "http://b.a.test/", "http://a.test/", true},
      {"https://a.test/", "https://a.test/", "http://a.test/", false},
      {"http://a.test/", "https://a.test/", "http://a.test/", false},
      {"https://a.test/", "https://a.test/", "https://a.test:8443/", true},
      {"http://10.0.0.1/", "http://10.0.0.1/", "http://10.0.0.1:9/", true},
      {"http://0.0.1/", "http://0.0.1/", "http://10.0.0.1/", false},
      {"http://[::1]/", "http://[::1]/", "http://[::1]:9/", true},
      {"http://unix%3A%2Fa.sock/", "http://unix%3A%2Fa.sock/", "http://unix%3A%2Fb.a.sock/", false},
  };
  for (const Hop& hop : hops) {
    EXPECT_EQ(may_carry_credentials(parse_url(hop.first).value(), parse_url(hop.from).value(),
                                    parse_url(hop.to).value()),
              hop.carries)
        << hop.first << " " << hop.from << " " << hop.to;
  }
}

}  // namespace
}  // namespace tocsin::net
