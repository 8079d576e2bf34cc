#include "app/chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "app/terminal.h"

namespace tocsin::app {
namespace {

ChartSeries ramp(const std::string& name, double from, double to) {
  ChartSeries series{.name = name, .points = {}};
  for (int i = 0; i <= 10; ++i) {
    series.points.push_back({static_cast<double>(i), from + (to - from) * i / 10});
  }
  return series;
}

ChartOptions small() { return {.start = 0, .end = 10, .width = 45, .height = 4, .color = false}; }

TEST(DrawChart, PlainMarksOnePerSeries) {
  EXPECT_EQ(draw_chart({ramp("up", 0, 10), ramp("down{a=\"b\"}", 10, 0)}, small()),
            "10 ┤○   ○   ○                       ●   ●   ●\n"
            "   │            ○   ○       ●   ●\n"
            " 5 ┤            ●   ●   ○   ○   ○\n"
            " 0 ┤●   ●   ●                       ○   ○   ○\n"
            "   └─────────────────────────────────────────\n"
            "    1970-01-01 00:00:00Z 1970-01-01 00:00:10Z\n"
            "● up  10 (0 to 10)\n"
            "○ down{a=\"b\"}  0 (0 to 10)\n");
}

TEST(DrawChart, HasAxesAndALegend) {
  const std::string chart = draw_chart({ramp("up", 0, 10)}, small());
  EXPECT_NE(chart.find("10 ┤"), std::string::npos) << chart;
  EXPECT_NE(chart.find(" 0 ┤"), std::string::npos) << chart;
  EXPECT_NE(chart.find(" 5 ┤"), std::string::npos) << chart;
  EXPECT_NE(chart.find("└──"), std::string::npos) << chart;
  EXPECT_NE(chart.find("1970-01-01 00:00:00Z"), std::string::npos) << chart;
  EXPECT_NE(chart.find("1970-01-01 00:00:10Z"), std::string::npos) << chart;
  EXPECT_NE(chart.find("● up  10 (0 to 10)\n"), std::string::npos) << chart;
  EXPECT_EQ(chart.find('\x1b'), std::string::npos);
}

TEST(DrawChart, FitsItsWidth) {
  for (const std::size_t width : {30U, 45U, 80U, 200U}) {
    for (const bool color : {false, true}) {
      ChartOptions options = small();
      options.width = width;
      options.color = color;
      std::istringstream lines(
          draw_chart({ramp(std::string(300, 'n'), -1e9, 1e9), ramp("한글 이름", 0, 1)}, options));
      for (std::string line; std::getline(lines, line);) {
        for (std::size_t at = 0; (at = line.find('\x1b')) != std::string::npos;) {
          line.erase(at, line.find('m', at) - at + 1);
        }
        EXPECT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(DrawChart, ColorsJoinTheDots) {
  ChartOptions options = small();
  options.color = true;
  const std::string chart = draw_chart({ramp("a", 0, 10), ramp("b", 10, 0)}, options);
  EXPECT_NE(chart.find("\x1b[36m"), std::string::npos);
  EXPECT_NE(chart.find("\x1b[33m"), std::string::npos);
  EXPECT_NE(chart.find("\xe2\xa0"), std::string::npos) << "braille";
}

TEST(DrawChart, WithoutValuesSaysSo) {
  EXPECT_EQ(draw_chart({}, small()), "no values\n");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const ChartSeries none{.name = "a",
                         .points = {{0, nan}, {1, std::numeric_limits<double>::infinity()}}};
  EXPECT_EQ(draw_chart({none}, small()), "no values\n● a  inf\n");
}

TEST(DrawChart, OneValueIsALine) {
  const std::string chart = draw_chart({ramp("a", 3, 3)}, small());
  EXPECT_NE(chart.find("3 ┤●"), std::string::npos) << chart;
}

TEST(DrawChart, ManySeriesAreSummedUp) {
  std::vector<ChartSeries> many;
  for (int i = 0; i < 25; ++i) {
    many.push_back(ramp("s" + std::to_string(i), i, i));
  }
  const std::string chart = draw_chart(many, small());
  EXPECT_NE(chart.find("s19"), std::string::npos);
  EXPECT_EQ(chart.find("s20"), std::string::npos);
  EXPECT_NE(chart.find("and 5 more series\n"), std::string::npos);
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("한글"), 4U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);
  EXPECT_EQ(display_width("\xff\xff"), 2U);
  EXPECT_EQ(display_width("🔔"), 2U);
}

TEST(FitWidth, CutsWithAMark) {
  EXPECT_EQ(fit_width("abc", 3), "abc");
  EXPECT_EQ(fit_width("abcd", 3), "ab…");
  EXPECT_EQ(fit_width("한글이다", 6), "한글…");
}

}  // namespace
}  // namespace tocsin::app
