#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "app/chart.h"

namespace tocsin::app {

/// `name{label="value"}` of a `metric` object of the API. Names beyond [a-zA-Z0-9_:] come in
/// quotes, as PromQL takes them.
std::string series_name(const boost::json::value& metric);

/// The value of a `[time, "value"]` pair, as it stands there.
std::string sample_text(const boost::json::value& pair);

/// Head and rows for a vector or matrix: one row for each sample.
std::vector<std::vector<std::string>> table_rows(const boost::json::array& result);

/// The series of a matrix.
std::vector<ChartSeries> chart_series(const boost::json::array& result);

}  // namespace tocsin::app
