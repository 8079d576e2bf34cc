#include "exposition/family.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tocsin::exposition {
namespace {

using model::MetricType;

constexpr std::array<std::pair<std::string_view, MetricType>, 4> kCommonTypes = {{
    {"counter", MetricType::kCounter},
    {"gauge", MetricType::kGauge},
    {"histogram", MetricType::kHistogram},
    {"summary", MetricType::kSummary},
}};
constexpr std::array<std::pair<std::string_view, MetricType>, 4> kOpenMetricsTypes = {{
    {"unknown", MetricType::kUnknown},
    {"gaugehistogram", MetricType::kGaugeHistogram},
    {"info", MetricType::kInfo},
    {"stateset", MetricType::kStateSet},
}};

using Suffix = std::string_view;
constexpr std::array<Suffix, 1> kPlain = {""};
constexpr std::array<Suffix, 2> kCounter = {"_total", "_created"};
constexpr std::array<Suffix, 4> kHistogram = {"_bucket", "_count", "_sum", "_created"};
constexpr std::array<Suffix, 3> kGaugeHistogram = {"_bucket", "_gcount", "_gsum"};
constexpr std::array<Suffix, 4> kSummary = {"", "_count", "_sum", "_created"};
constexpr std::array<Suffix, 1> kInfo = {"_info"};

}  // namespace

std::optional<MetricType> metric_type(std::string_view word, Format format) {
  for (const auto& [name, type] : kCommonTypes) {
    if (word == name) {
      return type;
    }
  }
  if (format == Format::kText) {
    return word == "untyped" || word == "unknown" ? std::optional(MetricType::kUnknown)
                                                  : std::nullopt;
  }
  for (const auto& [name, type] : kOpenMetricsTypes) {
    if (word == name) {
      return type;
    }
  }
  return std::nullopt;
}

std::span<const std::string_view> sample_suffixes(MetricType type, Format format) {
  switch (type) {
    case MetricType::kCounter:
      return format == Format::kText ? std::span<const Suffix>(kPlain) : kCounter;
    case MetricType::kHistogram:
      // The text format has no _created.
      return std::span<const Suffix>(kHistogram).first(format == Format::kText ? 3 : 4);
    case MetricType::kSummary:
      return std::span<const Suffix>(kSummary).first(format == Format::kText ? 3 : 4);
    case MetricType::kGaugeHistogram:
      return kGaugeHistogram;
    case MetricType::kInfo:
      return kInfo;
    default:
      return kPlain;
  }
}

int column_of(std::string_view line, std::size_t offset) {
  const std::string_view before = line.substr(0, std::min(offset, line.size()));
  return 1 + static_cast<int>(std::ranges::count_if(before, [](char c) {
           return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not a continuation byte
         }));
}

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t good = 0;
  while (good < text.size()) {
    std::size_t length = 1;
    while (length <= 4 && good + length <= text.size() &&
           !base::is_valid_utf8(text.substr(good, length))) {
      ++length;
    }
    if (length > 4 || good + length > text.size()) {
      return good;
    }
    good += length;
  }
  return good;
}

}  // namespace tocsin::exposition
