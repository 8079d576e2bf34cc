#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tocsin::app {

struct ChartPoint {
  double time = 0;  ///< seconds since the epoch
  double value = 0;
};

struct ChartSeries {
  std::string name;
  std::vector<ChartPoint> points;  ///< ascending
};

struct ChartOptions {
  double start = 0;  ///< of the time axis, in seconds since the epoch
  double end = 0;
  std::size_t width = 80;   ///< columns of the whole chart
  std::size_t height = 12;  ///< lines of the plot alone
  /// Lines of braille dots in colours. Without, a mark for each series, which can be told apart in
  /// plain text.
  bool color = false;
};

/// A chart for a terminal: value axis, plot, time axis, and a legend with the newest, least and
/// greatest value of each series. Lines end in a line feed. Values that are not finite are left
/// out. Pure.
std::string draw_chart(const std::vector<ChartSeries>& series, const ChartOptions& options);

}  // namespace tocsin::app
