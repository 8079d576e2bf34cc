#include "app/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string_view>

#include "app/remote.h"
#include "app/terminal.h"

namespace tocsin::app {
namespace {

/// Colours that can be read on dark and on light ground.
constexpr std::array<std::string_view, 6> kColors = {"\x1b[36m", "\x1b[33m", "\x1b[35m",
                                                     "\x1b[32m", "\x1b[31m", "\x1b[34m"};
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::array<std::string_view, 8> kMarks = {"●", "○", "▲", "△", "■", "□", "◆", "◇"};
constexpr std::size_t kMaxLegend = 20;
constexpr std::size_t kMinPlotWidth = 10;
constexpr std::size_t kDotsAcross = 2;  // of one braille character
constexpr std::size_t kDotsDown = 4;

std::string number(double value) {
  std::array<char, 32> text;
  const int length = std::snprintf(text.data(), text.size(), "%.4g", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

/// The bit of the dot within its braille character: U+2800 + bits.
unsigned braille_bit(std::size_t across, std::size_t down) {
  constexpr std::array<std::array<unsigned, 4>, 2> kBits = {
      {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}};
  return kBits[across][down];
}

std::string braille(unsigned bits) {
  const unsigned rune = 0x2800U + bits;
  return {static_cast<char>(0xe0U | (rune >> 12U)),
          static_cast<char>(0x80U | ((rune >> 6U) & 0x3fU)),
          static_cast<char>(0x80U | (rune & 0x3fU))};
}

struct Extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool empty() const { return low > high; }
  void take(double value) {
    if (std::isfinite(value)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
};

Extent extent_of(const ChartSeries& series) {
  Extent extent;
  for (const ChartPoint& point : series.points) {
    extent.take(point.value);
  }
  return extent;
}

/// One character of the plot.
struct Cell {
  unsigned dots = 0;
  std::size_t series = 0;  ///< the last one that drew here
  bool drawn = false;
};

class Plot {
 public:
  Plot(const ChartOptions& options, Extent values, std::size_t columns)
      : options_(options),
        values_(values),
        columns_(columns),
        rows_(options.height),
        cells_(columns * options.height) {}

  void draw(const ChartSeries& series, std::size_t index) {
    bool joined = false;
    Dot before{};
    for (const ChartPoint& point : series.points) {
      if (!std::isfinite(point.value) || point.time < options_.start || point.time > options_.end) {
        joined = false;
        continue;
      }
      const Dot dot = place(point);
      if (joined && options_.color) {
        line(before, dot, index);
      } else {
        put(dot, index);
      }
      before = dot;
      joined = true;
    }
  }

  std::string row(std::size_t row) const {
    std::string out;
    std::size_t colored = kMarks.size() + kColors.size();
    bool open = false;
    for (std::size_t column = 0; column < columns_; ++column) {
      const Cell& cell = cells_[row * columns_ + column];
      if (!cell.drawn) {
        out += ' ';
        continue;
      }
      if (!options_.color) {
        out += kMarks[cell.series % kMarks.size()];
        continue;
      }
      if (!open || colored != cell.series % kColors.size()) {
        colored = cell.series % kColors.size();
        out += kColors[colored];
        open = true;
      }
      out += braille(cell.dots);
    }
    while (out.ends_with(' ')) {
      out.pop_back();
    }
    return open ? out + std::string(kPlain) : out;
  }

 private:
  struct Dot {
    std::int64_t x = 0;
    std::int64_t y = 0;  ///< from the top
  };

  Dot place(const ChartPoint& point) const {
    const double span = std::max(options_.end - options_.start, 1e-9);
    const double height = values_.high - values_.low;
    const auto last_x = static_cast<double>(columns_ * kDotsAcross - 1);
    const auto last_y = static_cast<double>(rows_ * kDotsDown - 1);
    const double across = (point.time - options_.start) / span;
    const double up = height > 0 ? (point.value - values_.low) / height : 0.5;
    return {std::llround(across * last_x), std::llround((1 - up) * last_y)};
  }

  void put(Dot dot, std::size_t series) {
    const auto x = static_cast<std::size_t>(dot.x);
    const auto y = static_cast<std::size_t>(dot.y);
    Cell& cell = cells_[(y / kDotsDown) * columns_ + x / kDotsAcross];
    cell.dots |= braille_bit(x % kDotsAcross, y % kDotsDown);
    cell.series = series;
    cell.drawn = true;
  }

  void line(Dot from, Dot to, std::size_t series) {
    const std::int64_t steps =
        std::max<std::int64_t>({std::abs(to.x - from.x), std::abs(to.y - from.y), 1});
    for (std::int64_t i = 0; i <= steps; ++i) {
      put({from.x + (to.x - from.x) * i / steps, from.y + (to.y - from.y) * i / steps}, series);
    }
  }

  const ChartOptions& options_;
  Extent values_;
  std::size_t columns_;
  std::size_t rows_;
  std::vector<Cell> cells_;
};

std::string padded(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, display_width(text)), ' ') + text;
}

/// The first and the last time; without their days where these find no room.
std::string time_axis(const ChartOptions& options, std::size_t columns) {
  constexpr std::size_t kDay = std::string_view("2026-01-01 ").size();
  std::string from = format_time(options.start);
  std::string to = format_time(options.end);
  if (from.size() + to.size() >= columns) {
    from.erase(0, kDay);
    to.erase(0, kDay);
  }
  return from.size() + to.size() < columns ? from + padded(to, columns - from.size()) : from;
}

std::string legend(const std::vector<ChartSeries>& all, const ChartOptions& options) {
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), kMaxLegend); ++i) {
    const ChartSeries& series = all[i];
    std::string mark(kMarks[i % kMarks.size()]);
    if (options.color) {
      mark = std::string(kColors[i % kColors.size()]) + "━" + std::string(kPlain);
    }
    const Extent extent = extent_of(series);
    std::string values = series.points.empty() ? "" : "  " + number(series.points.back().value);
    if (!extent.empty()) {
      values += " (" + number(extent.low) + " to " + number(extent.high) + ")";
    }
    const std::size_t room =
        options.width > values.size() + 3 ? options.width - values.size() - 2 : 1;
    out += mark + " " + fit_width(series.name, room) + values + "\n";
  }
  if (all.size() > kMaxLegend) {
    out += "and " + std::to_string(all.size() - kMaxLegend) + " more series\n";
  }
  return out;
}

}  // namespace

std::string draw_chart(const std::vector<ChartSeries>& series, const ChartOptions& options) {
  Extent values;
  for (const ChartSeries& one : series) {
    const Extent extent = extent_of(one);
    values.take(extent.low);
    values.take(extent.high);
  }
  if (values.empty()) {
    return "no values\n" + legend(series, options);
  }
  const std::array<std::string, 3> labels = {
      number(values.high), number(values.low + (values.high - values.low) / 2), number(values.low)};
  std::size_t margin = 0;
  for (const std::string& label : labels) {
    margin = std::max(margin, label.size());
  }
  const std::size_t columns =
      options.width > margin + 2 + kMinPlotWidth ? options.width - margin - 2 : kMinPlotWidth;
  Plot plot(options, values, columns);
  for (std::size_t i = 0; i < series.size(); ++i) {
    plot.draw(series[i], i);
  }
  std::string out;
  for (std::size_t row = 0; row < options.height; ++row) {
    const bool flat = values.low == values.high;
    const std::string label = row == options.height / 2   ? labels[1]
                              : flat                      ? ""
                              : row == 0                  ? labels[0]
                              : row + 1 == options.height ? labels[2]
                                                          : "";
    out += padded(label, margin) + (label.empty() ? " │" : " ┤") + plot.row(row) + "\n";
  }
  out += std::string(margin, ' ') + " └";
  for (std::size_t column = 0; column < columns; ++column) {
    out += "─";
  }
  out += "\n" + std::string(margin + 2, ' ') + time_axis(options, columns) + "\n";
  return out + legend(series, options);
}

}  // namespace tocsin::app
