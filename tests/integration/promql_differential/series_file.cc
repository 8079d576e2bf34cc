#include "integration/promql_differential/series_file.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "support/series_notation.h"

namespace tocsin::differential {
namespace {

using base::Error;
using base::ErrorCode;

/// The next word of a line, which loses it.
std::string_view take_word(std::string_view& rest) {
  const std::size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
  const std::size_t end = std::min(rest.find(' ', begin), rest.size());
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

bool read_value(std::string_view word, double& value) {
  const auto [stopped, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (problem == std::errc() && stopped == word.data() + word.size() && std::isfinite(value)) {
    return true;
  }
  if (word == "stale") {
    value = model::stale_marker();
    return true;
  }
  const std::optional<double> number = base::parse_number(word);
  value = number.value_or(0);
  return number.has_value();
}

base::Result<SeriesData> read_line(std::string_view line) {
  std::size_t used = 0;
  base::Result<model::Labels> labels = testing::parse_series_labels(line, &used);
  if (!labels) {
    return labels.error();
  }
  SeriesData series{.labels = std::move(*labels), .samples = {}};
  std::string_view rest = line.substr(used);
  std::int64_t time = 0;
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    const bool relative = word.front() == '+';
    std::int64_t number = 0;
    const char* begin = word.data() + (relative ? 1 : 0);
    const char* end = word.data() + word.size();
    const auto [stopped, problem] = std::from_chars(begin, end, number);
    if (problem != std::errc() || stopped != end) {
      return Error(ErrorCode::kInvalidInput, "expected a time: " + base::quote(word));
    }
    time = relative ? time + number : number;
    const std::string_view text = take_word(rest);
    double value = 0;
    if (!read_value(text, value)) {
      return Error(ErrorCode::kInvalidInput, "expected a value: " + base::quote(text));
    }
    if (!series.samples.empty() && series.samples.back().time_ms >= time) {
      return Error(ErrorCode::kInvalidInput, "times must ascend: " + base::quote(word));
    }
    series.samples.push_back({time, value});
  }
  return series;
}

}  // namespace

base::Status read_series(std::string_view text, const std::function<void(SeriesData)>& take) {
  int line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = base::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    base::Result<SeriesData> series = read_line(line);
    if (!series) {
      base::Error error = series.error();
      return std::move(error).at({.file = "", .line = line_number, .column = 0});
    }
    take(std::move(*series));
  }
  return {};
}

std::string write_series(const std::vector<SeriesData>& all) {
  std::string text;
  for (const SeriesData& series : all) {
    text += series.labels.to_string();
    std::int64_t before = 0;
    for (const model::Sample& sample : series.samples) {
      text += before == 0 ? " " : " +";
      text += std::to_string(sample.time_ms - before) + " ";
      text += model::is_stale(sample.value) ? "stale" : base::format_number(sample.value);
      before = sample.time_ms;
    }
    text += '\n';
  }
  return text;
}

}  // namespace tocsin::differential
