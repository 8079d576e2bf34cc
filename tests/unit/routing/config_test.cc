#include "routing/config.h"

#include <gtest/gtest.h>

#include "yaml/document.h"

namespace tocsin::routing {
namespace {

struct Decoded {
  Route route;
  std::string errors;
  std::size_t warnings = 0;
};

Decoded decode(const std::string& text) {
  const auto document = yaml::Document::parse(text, "tocsin.yml");
  EXPECT_TRUE(document) << text;
  yaml::Problems problems;
  Decoded decoded;
  decoded.route = decode_route(document->root(), problems);
  for (const base::Error& error : problems.errors()) {
    decoded.errors += error.to_string() + "\n";
  }
  decoded.warnings = problems.warnings().size();
  return decoded;
}

TEST(RouteConfig, DefaultsAreAlertmanagers) {
  const auto [route, errors, warnings] = decode("receiver: team");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(warnings, 0U);
  EXPECT_EQ(route.receiver, "team");
  EXPECT_TRUE(route.group_by.empty());
  EXPECT_FALSE(route.group_by_all);
  EXPECT_EQ(route.group_wait, std::chrono::seconds(30));
  EXPECT_EQ(route.group_interval, std::chrono::minutes(5));
  EXPECT_EQ(route.repeat_interval, std::chrono::hours(4));
  EXPECT_FALSE(route.first_notice_now);
}

TEST(RouteConfig, ReadsEveryKey) {
  const auto [route, errors, warnings] = decode(R"(
receiver: team
group_by: [alertname, job]
group_wait: 0s
group_interval: 1m
repeat_interval: 30s
first_notice: now
continue: false
routes: []
)");
  EXPECT_EQ(errors, "");
  EXPECT_EQ(warnings, 1U) << "repeats faster than looks";
  EXPECT_EQ(route.group_by, (std::vector<std::string>{"alertname", "job"}));
  EXPECT_EQ(route.group_wait, std::chrono::seconds(0));
  EXPECT_EQ(route.group_interval, std::chrono::minutes(1));
  EXPECT_TRUE(route.first_notice_now);
  EXPECT_TRUE(decode("{receiver: a, group_by: ['...']}").route.group_by_all);
}

TEST(RouteConfig, SaysWhereAndWhatWasExpected) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{}", "receiver"},
           {"{receiver: a, group_by: ['...', job]}", "no others"},
           {"{receiver: a, group_by: [job, job]}", "twice"},
           {"{receiver: a, group_by: ['']}", "label names"},
           {"{receiver: a, group_interval: 0s}", "more than 0s"},
           {"{receiver: a, repeat_interval: 0s}", "more than 0s"},
           {"{receiver: a, group_wait: x}", "tocsin.yml:1:27"},
           {"{receiver: a, first_notice: later}", "now"},
           {"{receiver: a, continue: true}", "default route"},
           {"{receiver: a, routes: [{receiver: b}]}", "not supported yet"},
           {"{receiver: a, active_time_intervals: [x]}", "not supported yet"},
           {"{receiver: a, mute_time_intervals: [x]}", "not supported yet"},
           {"{receiver: a, matchers: [a=b]}", "must match every alert"},
           {"{receiver: a, match: {a: b}}", "must match every alert"},
           {"{receiver: a, group_bye: [a]}", "group_bye"}}) {
    const auto decoded = decode(text);
    EXPECT_NE(decoded.errors.find(expected), std::string::npos) << text << ": " << decoded.errors;
  }
}

TEST(RouteConfig, TopLevelKeysOfTheTreeAreRefused) {
  for (const auto& [text, refused] : std::initializer_list<std::pair<const char*, std::size_t>>{
           {"{}", 0},
           {"{inhibit_rules: [], time_intervals: }", 0},
           {"{inhibit_rules: [{a: b}], time_intervals: [x], mute_time_intervals: [x]}", 3}}) {
    const auto document = yaml::Document::parse(text, "tocsin.yml");
    ASSERT_TRUE(document);
    yaml::Problems problems;
    yaml::MappingReader root(document->root(), "file", problems);
    take_routing_keys(root, problems);
    root.finish();
    EXPECT_EQ(problems.errors().size(), refused) << text;
  }
}

TEST(RouteConfig, TheReceiverMustExist) {
  const auto route = decode("receiver: team").route;
  EXPECT_EQ(check_receiver(route, {"a", "team"}), std::nullopt);
  const auto error = check_receiver(route, {"a"});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->to_string().substr(0, 15), "tocsin.yml:1:11") << error->to_string();
}

}  // namespace
}  // namespace tocsin::routing
