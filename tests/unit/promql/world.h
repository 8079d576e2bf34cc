#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"
#include "promql/query.h"
#include "support/memory_series.h"
#include "support/series_notation.h"

namespace tocsin::promql {

/// Series in the notation of scripts, a sample every ten seconds, and queries against them.
class World {
 public:
  World& load(std::string_view line) {
    const auto noted = testing::parse_series_line(line);
    EXPECT_TRUE(noted) << line;
    series::Points points;
    for (std::size_t i = 0; i < noted->values.size(); ++i) {
      const std::int64_t time = static_cast<std::int64_t>(i) * 10'000;
      if (const auto* histogram = noted->histogram(i)) {
        points.histograms.push_back({time, histogram->histogram, 0});
      } else if (noted->values[i]) {
        points.floats.push_back({time, *noted->values[i]});
      }
    }
    series_.add(noted->labels, std::move(points));
    return *this;
  }

  base::Result<Evaluation> evaluate(std::string_view text, std::int64_t seconds = 100) const {
    const auto query = parse(text, ParseOptions::all());
    if (!query) {
      return query.error();
    }
    const auto time = base::from_millis(seconds * 1000);
    const auto wanted = selections(*query, time, options);
    return promql::evaluate(*query, time, series_.snapshot(wanted), options);
  }

  base::Result<Evaluation> range(std::string_view text, const RangeTimes& times) const {
    const auto query = parse(text, ParseOptions::all());
    if (!query) {
      return query.error();
    }
    const auto wanted = selections(*query, times, options);
    return promql::evaluate(*query, times, series_.snapshot(wanted), options);
  }

  /// The value on one line, or "error: …".
  std::string show(std::string_view text, std::int64_t seconds = 100) const {
    const auto result = evaluate(text, seconds);
    return result ? print(result->value) : "error: " + result.error().message();
  }

  static std::string print(const Value& value) {
    if (const auto* scalar = std::get_if<Scalar>(&value)) {
      return base::format_number_short(scalar->value);
    }
    if (const auto* string = std::get_if<String>(&value)) {
      return base::quote(string->value);
    }
    std::string text;
    if (const auto* vector = std::get_if<Vector>(&value)) {
      for (const VectorElement& element : *vector) {
        text += text.empty() ? "" : ", ";
        text += element.labels.to_string() + " " +
                (element.histogram ? model::to_string(*element.histogram)
                                   : base::format_number_short(element.value));
      }
      return text;
    }
    for (const MatrixSeries& series : std::get<Matrix>(value)) {
      text += text.empty() ? "" : ", ";
      text += series.labels.to_string();
      for (const model::Sample& sample : series.samples) {
        text += " " + base::format_number_short(sample.value) + "@" +
                std::to_string(sample.time_ms / 1000);
      }
    }
    return text;
  }

  EvalOptions options;

 private:
  testing::MemorySeries series_;
};

}  // namespace tocsin::promql
