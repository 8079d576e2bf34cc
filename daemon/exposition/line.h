#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exposition/format.h"

namespace tocsin::exposition {

/// One label as a page states it, escapes resolved.
struct LabelView {
  std::string_view name;
  std::string_view value;
};

/// Texts that had to be unescaped; views point into them. A deque, so that they stay in place.
using Texts = std::deque<std::string>;

/// What is wrong with a line, and after how many of its bytes.
struct Fault {
  std::size_t offset = 0;
  std::string reason;
};

/// The parts of a sample's line.
struct SampleLine {
  std::string_view series;  ///< name and labels as they are written: a key for caches
  std::string_view name;    ///< of the metric; not among the labels
  std::size_t first_label = 0;
  std::size_t label_count = 0;
  double value = 0;
  std::size_t value_offset = 0;
  std::optional<std::int64_t> time_ms;
  double time_seconds = 0;  ///< the same as it is written, for OpenMetrics
  bool has_exemplar = false;
  std::size_t exemplar_offset = 0;
  std::size_t first_exemplar_label = 0;
  std::size_t exemplar_label_count = 0;
};

enum class CommentKind : std::uint8_t { kOther, kHelp, kType, kUnit, kEof };

/// The parts of a line that begins with #.
struct CommentLine {
  CommentKind kind = CommentKind::kOther;
  std::string_view name;        ///< of the family
  std::string_view text;        ///< escapes not resolved
  std::size_t text_offset = 0;  ///< within the line
};

/// Reads single lines, without their line feed. `exact` demands OpenMetrics' spacing to the
/// letter (one space, no blanks at the end, no comma after the last label, no free comments);
/// otherwise blanks are taken as a scraper may.
class LineReader {
 public:
  LineReader(Format format, bool exact, Texts& texts)
      : format_(format), exact_(exact), texts_(texts) {}

  /// Appends the labels of the sample and of its exemplar to `labels`. On a fault `labels` may
  /// have grown.
  std::optional<Fault> read_sample(std::string_view line, std::vector<LabelView>& labels,
                                   SampleLine& sample);
  /// Malformed metadata is a fault, and a comment of no meaning for those who pass over it.
  std::optional<Fault> read_comment(std::string_view line, CommentLine& comment);

 private:
  bool fail(std::string reason);
  bool fail_at(std::size_t offset, std::string reason);
  char peek() const { return at_ < line_.size() ? line_[at_] : '\0'; }
  bool done() const { return at_ >= line_.size(); }
  void skip_blanks();
  /// The blanks between two parts of a line.
  bool gap();

  bool series(std::vector<LabelView>& labels, SampleLine& sample);
  bool label_set(std::vector<LabelView>& labels, std::string_view* metric_name);
  bool one_label(std::vector<LabelView>& labels, std::size_t first, std::string_view* metric_name);
  bool quoted(std::string_view& text);
  std::string_view metric_name();
  std::string_view label_name();
  bool number(double& value, const char* what);
  bool timestamp(SampleLine& sample);
  bool exemplar(std::vector<LabelView>& labels, SampleLine& sample);
  std::string_view word();

  Format format_;
  bool exact_;
  Texts& texts_;
  std::string_view line_;
  std::size_t at_ = 0;
  Fault fault_;
};

}  // namespace tocsin::exposition
