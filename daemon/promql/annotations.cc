#include "promql/annotations.h"

#include <array>
#include <string>

#include "base/text.h"
#include "promql/lexer.h"

namespace tocsin::promql {
namespace {

// How the words of a text go on after its beginning.
enum class Ending : std::uint8_t {
  kNothing,
  kMetric,       // for metric name "x", where there is one
  kIsMetric,     // "x"
  kAggregation,  // topk aggregation
  kTypes,        // "+": histogram + float
};

struct Wording {
  Note note;
  bool warning;
  std::string_view text;
  Ending ending = Ending::kNothing;
};

constexpr std::array kWordings = {
    Wording{Note::kMixedFloatsHistograms, true, "encountered a mix of histograms and floats",
            Ending::kMetric},
    Wording{Note::kMixedFloatsHistogramsGroup, true,
            "encountered a mix of histograms and floats for aggregation"},
    Wording{Note::kMixedExponentialCustom, true,
            "vector contains a mix of histograms with exponential and custom buckets schemas",
            Ending::kMetric},
    Wording{Note::kHistogramNotCounter, true,
            "this native histogram metric is not a counter: ", Ending::kIsMetric},
    Wording{Note::kHistogramNotGauge, true,
            "this native histogram metric is not a gauge: ", Ending::kIsMetric},
    Wording{Note::kResetCollisionAddition, true,
            "conflicting counter resets during histogram addition"},
    Wording{Note::kResetCollisionSubtraction, true,
            "conflicting counter resets during histogram subtraction"},
    Wording{Note::kResetCollisionAggregation, true,
            "conflicting counter resets during histogram aggregation"},
    Wording{Note::kStartOverlap, true,
            "sample has start time that overlaps with previous sample timestamp for metric ",
            Ending::kIsMetric},
    Wording{Note::kIgnoredInMixedRange, false,
            "ignored histograms in a range containing both floats and histograms", Ending::kMetric},
    Wording{Note::kIgnoredInAggregation, false, "ignored histogram in ", Ending::kAggregation},
    Wording{Note::kBoundsReconciledAddition, false,
            "mismatched custom buckets were reconciled during addition"},
    Wording{Note::kBoundsReconciledSubtraction, false,
            "mismatched custom buckets were reconciled during subtraction"},
    Wording{Note::kBoundsReconciledAggregation, false,
            "mismatched custom buckets were reconciled during aggregation"},
    Wording{Note::kIncompatibleFloatFloat, false,
            "incompatible sample types encountered for binary operator ", Ending::kTypes},
    Wording{Note::kIncompatibleFloatHistogram, false,
            "incompatible sample types encountered for binary operator ", Ending::kTypes},
    Wording{Note::kIncompatibleHistogramFloat, false,
            "incompatible sample types encountered for binary operator ", Ending::kTypes},
    Wording{Note::kIncompatibleHistogramHistogram, false,
            "incompatible sample types encountered for binary operator ", Ending::kTypes},
};

std::string types_of(Note note, std::string_view operation) {
  const bool left_float =
      note == Note::kIncompatibleFloatFloat || note == Note::kIncompatibleFloatHistogram;
  const bool right_float =
      note == Note::kIncompatibleFloatFloat || note == Note::kIncompatibleHistogramFloat;
  const std::string_view left = left_float ? "float" : "histogram";
  const std::string_view right = right_float ? "float" : "histogram";
  return base::quote(operation) + ": " + std::string(left) + " " + std::string(operation) + " " +
         std::string(right);
}

std::string text_of(const Wording& wording, const NoteContext& context) {
  std::string text(wording.text);
  switch (wording.ending) {
    case Ending::kMetric:
      if (!context.metric.empty()) {
        text += " for metric name " + base::quote(context.metric);
      }
      break;
    case Ending::kIsMetric:
      text += base::quote(context.metric);
      break;
    case Ending::kAggregation:
      text += std::string(context.operation) + " aggregation";
      break;
    case Ending::kTypes:
      text += types_of(wording.note, context.operation);
      break;
    case Ending::kNothing:
      break;
  }
  return text;
}

}  // namespace

void annotate(Annotations& annotations, Notes notes, Span where, const NoteContext& context) {
  if (notes.empty()) {
    return;
  }
  for (const Wording& wording : kWordings) {
    if (!notes.has(wording.note)) {
      continue;
    }
    const std::string text = text_of(wording, context);
    if (wording.warning) {
      annotations.warn(where, text);
    } else {
      annotations.info(where, text);
    }
  }
}

void Annotations::add(std::vector<std::string>& list, std::string_view level, Span where,
                      std::string_view message) {
  add_at(list, level, where.begin, message);
  if (repeated_ != nullptr) {
    const auto [begin, end] = repeated_->equal_range(where.begin);
    for (auto other = begin; other != end; ++other) {
      add_at(list, level, other->second, message);
    }
  }
}

void Annotations::add_at(std::vector<std::string>& list, std::string_view level,
                         std::uint32_t where, std::string_view message) {
  if (list.size() >= kMax) {
    return;
  }
  const base::Position position = position_of(query_, where);
  std::string text = "PromQL ";
  text += level;
  text += ": ";
  text += message;
  text += " (" + std::to_string(position.line) + ":" + std::to_string(position.column) + ")";
  if (seen_.insert(text).second) {
    list.push_back(std::move(text));
  }
}

}  // namespace tocsin::promql
