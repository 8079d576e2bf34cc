#include "exposition/page_layout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "exposition/parse.h"
#include "exposition/quick_number.h"
#include "exposition/scalar.h"
#include "exposition/text_hash.h"

namespace tocsin::exposition {
namespace {

constexpr Format kText = Format::kText;
constexpr Format kOm = Format::kOpenMetrics;

/// A reader of pages that checks the numbers of series as their user has to.
struct Reader {
  PageLayout layout;
  PageSamples page;
  std::map<std::uint32_t, std::string> names;

  /// Every sample as `labels value[@time]`, or the error.
  std::string read(std::string_view body, Format format = kText) {
    const base::Status status = layout.read(body, format, page);
    if (!status) {
      EXPECT_TRUE(page.samples.empty());
      names.clear();
      return status.error().to_string();
    }
    for (const std::uint32_t series : page.fresh) {
      names.erase(series);
    }
    std::string out;
    for (std::size_t i = 0; i < page.samples.size(); ++i) {
      const PageSample& sample = page.samples[i];
      EXPECT_LT(sample.series, layout.series_end());
      const StatedLabels stated = layout.labels(body, sample);
      std::string name = stated.labels.to_string();
      for (const std::string& blank : stated.blank) {
        name += "-" + blank;
      }
      const auto [known, added] = names.emplace(sample.series, name);
      EXPECT_EQ(known->second, name) << "the number of another series";
      out += name + " " + (std::isnan(sample.value) ? "NaN" : std::to_string(sample.value));
      if (!page.times.empty() && page.times[i] != kNoTime) {
        out += "@" + std::to_string(page.times[i]);
      }
      out += "\n";
    }
    return out;
  }
};

std::string parsed(std::string_view body, Format format = kText) {
  const base::Result<Page> page = parse(body, format);
  if (!page) {
    return page.error().to_string();
  }
  std::string out;
  for (const ParsedSample& sample : page->samples()) {
    out += page->label_set(sample).to_string();
    for (const LabelView& label : page->labels(sample)) {
      out += label.value.empty() ? "-" + std::string(label.name) : "";
    }
    out += " " + (std::isnan(sample.value) ? "NaN" : std::to_string(sample.value));
    out += sample.time_ms ? "@" + std::to_string(*sample.time_ms) : "";
    out += "\n";
  }
  return out;
}

TEST(PageLayout, TellsWhatItCouldUseOfThePageBefore) {
  Reader reader;
  const auto laid = [&](std::string_view body, std::size_t parsed) {
    reader.read(body);
    EXPECT_EQ(reader.page.parsed, parsed) << body;
    return reader.page.laid;
  };
  EXPECT_EQ(laid("# TYPE a gauge\na 1\nb 1\n", 2), Laid::kNew);
  EXPECT_EQ(laid("# TYPE a gauge\na 2\nb 2\n", 0), Laid::kSame);
  EXPECT_EQ(laid("# TYPE a gauge\nb 2\na 2\n", 2), Laid::kChanged);
  EXPECT_EQ(laid("# TYPE a gauge\nb 2\n", 0), Laid::kChanged) << "one has gone";
  EXPECT_EQ(laid("# TYPE a counter\nb 2\n", 1), Laid::kChanged);
  EXPECT_EQ(laid("# TYPE a counter\nb 2\n", 0), Laid::kSame);
  EXPECT_EQ(laid("b ?\n", 0), Laid::kNew);
  reader.read("a 1\n# HELP b\nb 1\nc ?\nd 1\n");
  EXPECT_EQ(reader.page.before_fault, 2U);
  EXPECT_EQ(laid("b 2\n", 1), Laid::kNew) << "all was forgotten";
}

TEST(PageLayout, ReadsThePageAgainAsTheFirstTime) {
  const std::vector<std::pair<std::string_view, Format>> pages = {
      {"", kText},
      {"\n \n\t\n", kText},
      {"# HELP a help\n# TYPE a counter\na 1\na{b=\"c\"} 2\n", kText},
      {"a 1", kText},
      {"a{b=\"c\"}1\na{b=\"d\"} 2\n", kText},
      {"  a \t 1 \t 1395066363000 \nb 1 -5\nc 3\n", kText},
      {"a 1\nb 2 1000\nc 3\n", kText},
      {"a NaN\nb +Inf\nc -inf\nd nan\ne 1e3\nf -.5\ng 5.\nh +7\n", kText},
      {"a{b=\"\",c=\"\\n\\\"\"} 1\n", kText},
      {"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\n# TYPE b summary\n"
       "b{quantile=\"0.50\"} 1\n# TYPE c gauge\nc{le=\"1\"} 1\n",
       kText},
      {"{\"a.b\",\"x y\"=\"z\"} 1\na{b=\"한국\"} 1\n", kText},
      {"a 1\na 2\na 1\n", kText},
      {"# TYPE a counter\na_total 1 2.5 # {id=\"x\"} 0.5 1.5\na_total{b=\"c\"} 1 # {} 1\n# EOF\n",
       kOm},
      {"a 1 1395066363.123\n# EOF", kOm},
      {"a 12345678901234567890 1\nb 0.1234567890123456789\nc 4.9e-324\nd 1.7976931348623157e308\n",
       kText},
      // Refused, each time.
      {"a 1\n", kOm},
      {"a 1\n# EOF\n\n", kOm},
      {"a 1\n# EOF\na 2\n", kOm},
      {"a 1\nb x\n", kText},
      {"a 1\nb 1e999\n", kText},
      {"a 1 2 3\n", kText},
      {"a 1\nb \xff 1\n", kText},
      {"a 1\nb", kText},
  };
  for (const auto& [body, format] : pages) {
    const std::string want = parsed(body, format);
    Reader reader;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(reader.read(body, format), want) << body << " " << i;
    }
  }
}

TEST(PageLayout, NumbersASeriesOnce) {
  Reader reader;
  reader.read("# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\n");
  EXPECT_EQ(reader.page.fresh.size(), 2U);
  EXPECT_EQ(reader.page.page, 1U);
  reader.read("# TYPE a gauge\na{x=\"1\"} 3\na{x=\"2\"} 4\n");
  EXPECT_TRUE(reader.page.fresh.empty());
  EXPECT_EQ(reader.page.page, 2U);
  // Moved, with blanks, without comment: the same series all the same.
  reader.read("a{x=\"2\"} 5\n  a{x=\"1\"}  6\n");
  EXPECT_TRUE(reader.page.fresh.empty());
  reader.read("a{x=\"2\"} 5\na{x=\"3\"} 7\na{x=\"1\"} 6\n");
  EXPECT_EQ(reader.page.fresh.size(), 1U);
  EXPECT_EQ(reader.layout.series_end(), 3U);
}

TEST(PageLayout, IsNotFooledByWhatALineBeginsWith) {
  Reader reader;
  for (const std::string_view body :
       {"a 1\n", "a {b=\"c\"} 1\n", "a{b=\"c\"} 1\n", "a 1\n", "ab 1\n", "a 1 7\n", "a\t1\n"}) {
    EXPECT_EQ(reader.read(body), parsed(body)) << body;
  }
}

TEST(PageLayout, ForgetsEverythingAfterABrokenPage) {
  Reader reader;
  reader.read("a 1\nb 2\n");
  EXPECT_EQ(reader.read("a 1\nb ?\n"), "2:3: invalid value \"?\"");
  EXPECT_EQ(reader.page.page, 3U);
  EXPECT_EQ(reader.layout.series_end(), 0U);
  EXPECT_EQ(reader.layout.families(), nullptr);
  reader.read("b 2\n");
  EXPECT_EQ(reader.page.page, 4U);
  EXPECT_EQ(reader.page.fresh.size(), 1U);
}

TEST(PageLayout, FollowsTheFormat) {
  Reader reader;
  EXPECT_EQ(reader.read("a 1 2\n# EOF\n", kText), "a 1.000000@2\n");
  EXPECT_EQ(reader.read("a 1 2\n# EOF\n", kOm), "a 1.000000@2000\n");
  EXPECT_EQ(reader.read("a 1 2\n", kOm), parsed("a 1 2\n", kOm));
}

TEST(PageLayout, KeepsMetadataOfTheLastPage) {
  Reader reader;
  reader.read("# HELP a one\n# TYPE a gauge\na 1\n");
  const auto first = reader.layout.families();
  ASSERT_EQ(first->size(), 1U);
  EXPECT_EQ(first->front().help, "one");
  EXPECT_EQ(first->front().type, model::MetricType::kGauge);
  reader.read("# HELP a one\n# TYPE a gauge\na 2\n");
  EXPECT_EQ(reader.layout.families(), first);
  reader.read("# HELP a two\n# TYPE a gauge\na 2\n# TYPE b counter\nb 1\n");
  EXPECT_EQ(reader.layout.families()->size(), 2U);
  EXPECT_EQ(reader.layout.families()->front().help, "two");
  reader.read("a 2\n");
  EXPECT_TRUE(reader.layout.families()->empty());
}

TEST(PageLayout, DoesNotGrowWithSeriesThatNeverComeBack) {
  Reader reader;
  for (int page = 0; page < 200; ++page) {
    std::string body = "steady 1\n";
    for (int i = 0; i < 500; ++i) {
      body += "a{request=\"" + std::to_string(page * 500 + i) + "\"} 1\n";
    }
    EXPECT_EQ(reader.read(body), parsed(body));
  }
  EXPECT_LT(reader.layout.series_end(), 3'000U);
}

TEST(PageLayout, KeepsTheNumberOfASeriesThatComesBackSoon) {
  Reader reader;
  reader.read("a 1\nb 1\n");
  for (int i = 0; i < 9; ++i) {
    reader.read(i % 2 == 0 ? "a 1\n" : "a 1\nc 1\n");
  }
  reader.read("a 1\nb 1\n");
  EXPECT_TRUE(reader.page.fresh.empty());
}

/// Pages that lose, gain, repeat and reorder lines must read as if each were the first.
TEST(PageLayout, ReadsAnySequenceOfPagesAsParseDoes) {
  std::mt19937 random(7);
  const auto draw = [&random](int limit) {
    return std::uniform_int_distribution<int>(0, limit - 1)(random);
  };
  Reader reader;
  std::vector<std::string> lines;
  for (int i = 0; i < 60; ++i) {
    lines.push_back("m{i=\"" + std::to_string(i) + "\"} ");
  }
  for (int page = 0; page < 1000; ++page) {
    switch (draw(8)) {
      case 0:
        lines.erase(lines.begin() + draw(static_cast<int>(lines.size())));
        break;
      case 1:
        lines.insert(lines.begin() + draw(static_cast<int>(lines.size())),
                     "m{i=\"" + std::to_string(draw(200)) + "\"} ");
        break;
      case 2:
        std::swap(lines[static_cast<std::size_t>(draw(static_cast<int>(lines.size())))],
                  lines.front());
        break;
      case 3:
        lines.insert(lines.begin() + draw(static_cast<int>(lines.size())),
                     draw(2) == 0 ? "# TYPE m histogram\n" : "# HELP m help\n");
        break;
      default:
        break;
    }
    while (lines.size() > 90 || (lines.size() > 1 && draw(40) == 0)) {
      lines.pop_back();
    }
    while (lines.size() < 5) {
      lines.push_back("n{i=\"" + std::to_string(draw(50)) + "\"} ");
    }
    std::string body;
    for (const std::string& line : lines) {
      body += line;
      if (!line.ends_with('\n')) {
        body += std::to_string(draw(1000)) + (draw(9) == 0 ? " 12345\n" : "\n");
      }
    }
    ASSERT_EQ(reader.read(body), parsed(body)) << page;
  }
}

TEST(QuickNumber, IsExactWhereItAnswers) {
  std::mt19937_64 random(11);
  int answered = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = std::to_string(random() >> (random() % 64));
    if (random() % 2 == 0) {
      text.insert(random() % (text.size() + 1), ".");
    }
    if (random() % 4 == 0) {
      text += "e" + std::to_string(static_cast<int>(random() % 50) - 25);
    }
    text.insert(0, random() % 4 == 0 ? "-" : "");
    double quick = 0;
    const char* end = text.data() + text.size();
    const char* after = read_quick_number(text.data(), end, quick);
    if (after == nullptr) {
      continue;
    }
    ++answered;
    ASSERT_EQ(after, end) << text;
    const auto slow = read_number(text);
    ASSERT_TRUE(slow) << text;
    ASSERT_EQ(std::signbit(quick), std::signbit(*slow)) << text;
    ASSERT_EQ(quick, *slow) << text;
  }
  EXPECT_GT(answered, 25'000);
}

TEST(QuickNumber, LeavesTheRestToOthers) {
  for (const std::string_view text : {"", "-", "+1", ".", "e5", "1e", "1e+", "1e9999", "1e23",
                                      "NaN", "Inf", "9007199254740993", "12345678901234567890"}) {
    double value = 0;
    EXPECT_EQ(read_quick_number(text.data(), text.data() + text.size(), value), nullptr) << text;
  }
  std::int64_t number = 0;
  for (const std::string_view text : {"", "-", "x", "1234567890123456789"}) {
    EXPECT_EQ(read_quick_integer(text.data(), text.data() + text.size(), number), nullptr) << text;
  }
  const std::string_view text = "-12 ";
  EXPECT_EQ(read_quick_integer(text.data(), text.data() + text.size(), number), text.data() + 3);
  EXPECT_EQ(number, -12);
}

TEST(TextHash, TellsTextsApart) {
  std::set<std::uint64_t> seen;
  const std::string text(200, 'x');
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_TRUE(seen.insert(text_hash(text.data(), size)).second) << size;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_TRUE(seen.insert(text_hash(other.data(), other.size())).second) << i << " " << bit;
    }
  }
}

}  // namespace
}  // namespace tocsin::exposition
