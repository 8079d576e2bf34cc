#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::yaml {

/// The text of a document with an index of its lines, for turning places into positions.
class SourceText {
 public:
  SourceText(std::string text, std::string file);

  const std::string& text() const { return text_; }
  const std::string& file() const { return file_; }

  /// The byte at which a line (from 0) plus a number of bytes lies; clamped to the text.
  std::size_t offset(int line, int byte_column) const;
  /// File, line and column (from 1, in code points) of a byte.
  base::Position position(std::size_t offset) const;
  /// The number (from 0) of the line that holds a byte.
  int line_of(std::size_t offset) const;
  /// A line (from 0) without its end; empty beyond the last one.
  std::string_view line(int number) const;
  int line_count() const { return static_cast<int>(line_starts_.size()); }

 private:
  std::string text_;
  std::string file_;
  std::vector<std::size_t> line_starts_;
};

/// Refuses what is not UTF-8 and control characters; yaml-cpp takes some for the end of the text.
base::Status check_characters(const SourceText& source);

/// How a scalar was written.
enum class ScalarStyle : unsigned char { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral, kFolded };

/// Where the content of a scalar begins: after its anchor and tag, at the quote, `|` or `>` or
/// at the first character of a plain text.
struct ScalarStart {
  std::size_t offset = 0;
  ScalarStyle style = ScalarStyle::kPlain;
};
ScalarStart find_scalar_start(std::string_view text, std::size_t node_offset);

/// Whether the quote of a quoted scalar ends; yaml-cpp takes the end of the file for its end.
bool is_closed(std::string_view text, const ScalarStart& start);

/// The byte of `source` from which a place (line and column from 1, in code points) of the
/// decoded scalar comes. Exact but for blanks in scalars whose lines were folded: those give the
/// character after the nearest one before.
std::size_t locate_in_scalar(const SourceText& source, const ScalarStart& start,
                             std::string_view decoded, int line, int column);

}  // namespace tocsin::yaml
