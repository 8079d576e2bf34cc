#include "app/query_output.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <string_view>

#include "app/remote.h"
#include "base/text.h"

namespace tocsin::app {
namespace {

double number_of(const boost::json::value& value) {
  if (value.is_string()) {
    return base::parse_number(value.get_string())
        .value_or(std::numeric_limits<double>::quiet_NaN());
  }
  return value.is_double()  ? value.get_double()
         : value.is_int64() ? static_cast<double>(value.get_int64())
                            : 0;
}

/// A pair of time and value, or null.
const boost::json::array* pair_of(const boost::json::value& value) {
  const auto* pair = value.if_array();
  return pair != nullptr && pair->size() == 2 ? pair : nullptr;
}

bool is_plain_name(std::string_view name, bool colons) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) {
    return false;
  }
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '_' && !(colons && c == ':')) {
      return false;
    }
  }
  return true;
}

void add_row(std::vector<std::vector<std::string>>& rows, const std::string& name,
             const boost::json::value& sample) {
  const auto* pair = pair_of(sample);
  rows.push_back({name, sample_text(sample),
                  pair != nullptr ? format_time(number_of((*pair)[0])) : std::string()});
}

}  // namespace

std::string series_name(const boost::json::value& metric) {
  std::string name = member_text(metric, "__name__");
  std::string labels;
  const auto add = [&labels](const std::string& text) {
    labels += (labels.empty() ? "" : ", ") + text;
  };
  if (!name.empty() && !is_plain_name(name, true)) {
    add(base::quote(name));
    name.clear();
  }
  if (const auto* object = metric.if_object()) {
    for (const auto& [key, value] : *object) {
      if (key != "__name__") {
        const std::string_view label(key.data(), key.size());
        const std::string_view text = value.is_string() ? std::string_view(value.get_string()) : "";
        add((is_plain_name(label, false) ? std::string(label) : base::quote(label)) + "=" +
            base::quote(text));
      }
    }
  }
  return labels.empty() && !name.empty() ? name : name + "{" + labels + "}";
}

std::string sample_text(const boost::json::value& pair) {
  const auto* parts = pair_of(pair);
  if (parts == nullptr) {
    return {};
  }
  const boost::json::value& value = (*parts)[1];
  // A histogram comes as an object.
  return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

std::vector<std::vector<std::string>> table_rows(const boost::json::array& result) {
  std::vector<std::vector<std::string>> rows = {{"SERIES", "VALUE", "TIME"}};
  for (const boost::json::value& series : result) {
    const auto* object = series.if_object();
    if (object == nullptr) {
      continue;
    }
    const auto* metric = object->if_contains("metric");
    const std::string name = metric != nullptr ? series_name(*metric) : std::string();
    for (const char* key : {"value", "histogram"}) {
      if (const auto* sample = object->if_contains(key)) {
        add_row(rows, name, *sample);
      }
    }
    for (const char* key : {"values", "histograms"}) {
      const auto* samples = object->if_contains(key);
      if (samples != nullptr && samples->is_array()) {
        for (const boost::json::value& sample : samples->get_array()) {
          add_row(rows, name, sample);
        }
      }
    }
  }
  return rows;
}

std::vector<ChartSeries> chart_series(const boost::json::array& result) {
  std::vector<ChartSeries> all;
  for (const boost::json::value& series : result) {
    const auto* object = series.if_object();
    if (object == nullptr) {
      continue;
    }
    const auto* metric = object->if_contains("metric");
    ChartSeries one{.name = metric != nullptr ? series_name(*metric) : std::string(), .points = {}};
    const auto* values = object->if_contains("values");
    if (values != nullptr && values->is_array()) {
      for (const boost::json::value& value : values->get_array()) {
        if (const auto* pair = pair_of(value)) {
          one.points.push_back({number_of((*pair)[0]), number_of((*pair)[1])});
        }
      }
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace tocsin::app
