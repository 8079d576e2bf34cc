#include "api/cors.h"

#include <gtest/gtest.h>

namespace tocsin::api {
namespace {

net::ServerResponse ask(const Cors& cors, const std::optional<std::string>& origin) {
  net::ServerResponse response;
  cors.apply(origin, response);
  return response;
}

TEST(Cors, LetsNobodyInByDefault) {
  EXPECT_TRUE(ask(Cors(), "https://a.example").headers.all().empty());
  EXPECT_TRUE(ask(Cors(""), "https://a.example").headers.all().empty());
  EXPECT_TRUE(ask(Cors("("), "https://a.example").headers.all().empty());
}

TEST(Cors, NamesTheOriginThatMatchesAsAWhole) {
  const Cors cors("https://[a-z]+\\.example");
  const net::ServerResponse response = ask(cors, "https://a.example");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
  EXPECT_EQ(response.headers.get("Access-Control-Allow-Headers"),
            "Accept, Authorization, Content-Type, Origin");
  EXPECT_EQ(response.headers.get("Vary"), "Origin");
  EXPECT_FALSE(response.headers.get("Access-Control-Allow-Credentials"));
  for (const char* other :
       {"https://a.example.evil", "http://a.example", "https://a1.example", "null", ""}) {
    EXPECT_FALSE(ask(cors, other).headers.get("Access-Control-Allow-Origin")) << other;
    EXPECT_EQ(ask(cors, other).headers.get("Vary"), "Origin");
  }
  EXPECT_FALSE(ask(cors, std::nullopt).headers.get("Access-Control-Allow-Origin"));
}

TEST(Cors, EverybodyIsAStar) {
  EXPECT_EQ(ask(Cors(".*"), "https://a.example").headers.get("Access-Control-Allow-Origin"), "*");
}

TEST(Cors, KnowsPatterns) {
  EXPECT_TRUE(is_origin_pattern(".*"));
  EXPECT_FALSE(is_origin_pattern("("));
}

}  // namespace
}  // namespace tocsin::api
