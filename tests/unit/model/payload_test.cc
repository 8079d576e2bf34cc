#include "model/payload.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace tocsin::model {
namespace {

TEST(Payload, ReadsEveryKindOfMember) {
  const auto json = boost::json::parse(
      R"({"t":"x","i":7,"b":true,"at":1000,"l":{"a":"1"},"list":[1,2],"o":{"k":1}})");
  PayloadReader reader(json);
  EXPECT_EQ(reader.text("t"), "x");
  EXPECT_EQ(reader.integer("i"), 7);
  EXPECT_TRUE(reader.flag("b"));
  EXPECT_EQ(reader.time("at"), base::from_millis(1000));
  EXPECT_EQ(reader.optional_time("none"), std::nullopt);
  EXPECT_EQ(reader.labels("l"), (Labels{{"a", "1"}}));
  EXPECT_EQ(reader.array("list").size(), 2U);
  EXPECT_EQ(reader.object("o").size(), 1U);
  EXPECT_TRUE(reader.intact());
}

TEST(Payload, RemembersWhatIsMissingOrOfAnotherType) {
  const auto json = boost::json::parse(R"({"t":1,"at":"soon","l":[1]})");
  const auto broken = [&](const auto& read) {
    PayloadReader reader(json);
    read(reader);
    return !reader.intact();
  };
  EXPECT_TRUE(broken([](auto& r) { r.text("t"); }));
  EXPECT_TRUE(broken([](auto& r) { r.text("none"); }));
  EXPECT_TRUE(broken([](auto& r) { r.integer("at"); }));
  EXPECT_TRUE(broken([](auto& r) { r.flag("t"); }));
  EXPECT_TRUE(broken([](auto& r) { r.optional_time("at"); }));
  EXPECT_TRUE(broken([](auto& r) { r.labels("l"); }));
  EXPECT_TRUE(broken([](auto& r) { r.labels("none"); }));
  EXPECT_TRUE(broken([](auto& r) { r.array("t"); }));
  EXPECT_TRUE(broken([](auto& r) { r.object("t"); }));
  EXPECT_TRUE(broken([](auto& r) { r.fail(); }));
  EXPECT_FALSE(PayloadReader(boost::json::value(3)).intact());
  EXPECT_EQ(PayloadReader::malformed("group").code(), base::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tocsin::model
