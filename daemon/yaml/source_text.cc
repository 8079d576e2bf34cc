#include "yaml/source_text.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tocsin::yaml {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Bytes of UTF-8 that continue a character do not start one.
bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::size_t next_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && !starts_character(text[at])) {
    ++at;
  }
  return std::min(at, text.size());
}

std::size_t skip_characters(std::string_view text, std::size_t at, int count) {
  for (; count > 0 && at < text.size() && text[at] != '\n'; --count) {
    at = next_character(text, at);
  }
  return at;
}

/// The byte of a line and column (from 1) within a text.
std::size_t offset_in(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int skipped = 1; skipped < line; ++skipped) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) {
      return text.size();
    }
    at = end + 1;
  }
  return skip_characters(text, at, column - 1);
}

std::size_t locate_in_literal(const SourceText& source, std::size_t header, int line, int column) {
  const std::string_view text = source.text();
  const int header_line = source.line_of(header);
  std::size_t indent = std::string_view::npos;
  for (int number = header_line + 1; number < source.line_count(); ++number) {
    const std::string_view content = source.line(number);
    const std::size_t blanks = content.find_first_not_of(" \r");
    if (blanks != std::string_view::npos) {
      indent = blanks;
      break;
    }
  }
  // An indentation indicator (|2) keeps further blanks as content; they count from the parent's
  // indentation, which the first line of the parent shows.
  for (std::size_t at = header + 1; at < text.size() && !is_blank(text[at]); ++at) {
    if (text[at] >= '1' && text[at] <= '9') {
      const std::string_view parent = source.line(header_line);
      const std::size_t outer = std::min(parent.find_first_not_of(' '), parent.size());
      indent = outer + static_cast<std::size_t>(text[at] - '0');
    }
  }
  if (indent == std::string_view::npos) {
    return header;
  }
  const std::size_t start = source.offset(
      header_line + line,
      static_cast<int>(std::min<std::size_t>(indent, source.line(header_line + line).size())));
  return skip_characters(text, start, column - 1);
}

/// Walks the source of a scalar and yields the places of its non-blank decoded characters.
class ContentWalk {
 public:
  ContentWalk(std::string_view text, const ScalarStart& start) : text_(text), style_(start.style) {
    at_ = start.offset;
    if (style_ == ScalarStyle::kFolded) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (style_ != ScalarStyle::kPlain) {
      ++at_;
    }
  }

  /// The byte of the next non-blank character; past it afterwards.
  std::size_t next() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (style_ == ScalarStyle::kDoubleQuoted && text_[at_] == '\\') {
        const std::size_t begin = at_;
        if (skip_escape()) {
          return begin;
        }
      } else {
        const std::size_t begin = at_;
        at_ = style_ == ScalarStyle::kSingleQuoted && text_.substr(at_, 2) == "''"
                  ? at_ + 2
                  : next_character(text_, at_);
        return begin;
      }
    }
    return text_.size();
  }
  std::size_t place() const { return std::min(at_, text_.size()); }

 private:
  /// Whether the escape yields a character that is not blank.
  bool skip_escape() {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    at_ += 2 + digits;
    return !is_blank(kind) && std::string_view("ntr").find(kind) == std::string_view::npos;
  }

  std::string_view text_;
  ScalarStyle style_;
  std::size_t at_;
};

}  // namespace

SourceText::SourceText(std::string text, std::string file)
    : text_(std::move(text)), file_(std::move(file)) {
  line_starts_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(at + 1);
  }
}

std::size_t SourceText::offset(int line, int byte_column) const {
  if (line < 0) {
    return 0;
  }
  if (line >= line_count()) {
    return text_.size();
  }
  return std::min(line_starts_[static_cast<std::size_t>(line)] +
                      static_cast<std::size_t>(std::max(byte_column, 0)),
                  text_.size());
}

int SourceText::line_of(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<int>(after - line_starts_.begin()) - 1;
}

base::Position SourceText::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const int line = line_of(offset);
  const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(this->offset(line, 0));
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(offset);
  return {file_, line + 1, static_cast<int>(std::count_if(begin, end, starts_character)) + 1};
}

std::string_view SourceText::line(int number) const {
  if (number < 0 || number >= line_count()) {
    return {};
  }
  const std::size_t begin = offset(number, 0);
  const std::size_t end = std::min(text_.find('\n', begin), text_.size());
  return std::string_view(text_).substr(begin, end - begin);
}

base::Status check_characters(const SourceText& source) {
  const std::string_view text = source.text();
  if (!base::is_valid_utf8(text)) {
    return base::Error(base::ErrorCode::kInvalidInput, "the file is not valid UTF-8")
        .at({source.file(), 0, 0});
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      return base::Error(base::ErrorCode::kInvalidInput, "control characters are not allowed")
          .at(source.position(at));
    }
  }
  return {};
}

ScalarStart find_scalar_start(std::string_view text, std::size_t node_offset) {
  std::size_t at = node_offset;
  while (at < text.size()) {
    if (is_blank(text[at])) {
      ++at;
    } else if (text[at] == '&' || text[at] == '!') {
      while (at < text.size() && !is_blank(text[at])) {
        ++at;
      }
    } else if (text[at] == '#' && at > node_offset) {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  switch (at < text.size() ? text[at] : '\0') {
    case '\'':
      return {at, ScalarStyle::kSingleQuoted};
    case '"':
      return {at, ScalarStyle::kDoubleQuoted};
    case '|':
      return {at, ScalarStyle::kLiteral};
    case '>':
      return {at, ScalarStyle::kFolded};
    default:
      return {at, ScalarStyle::kPlain};
  }
}

bool is_closed(std::string_view text, const ScalarStart& start) {
  const bool twice = start.style == ScalarStyle::kDoubleQuoted;
  if (!twice && start.style != ScalarStyle::kSingleQuoted) {
    return true;
  }
  for (std::size_t at = start.offset + 1; at < text.size(); ++at) {
    if (twice ? text[at] == '\\' : text.substr(at, 2) == "''") {
      ++at;
    } else if (text[at] == text[start.offset]) {
      return true;
    }
  }
  return false;
}

std::size_t locate_in_scalar(const SourceText& source, const ScalarStart& start,
                             std::string_view decoded, int line, int column) {
  if (start.style == ScalarStyle::kLiteral) {
    return locate_in_literal(source, start.offset, line, column);
  }
  // Folding, escapes and indentation only ever change blanks, so the n-th other character of the
  // decoded text is the n-th other character of the source.
  const std::size_t target = offset_in(decoded, line, column);
  ContentWalk walk(source.text(), start);
  std::size_t place = walk.place();
  for (std::size_t at = 0; at < decoded.size(); at = next_character(decoded, at)) {
    if (is_blank(decoded[at])) {
      if (at >= target) {
        break;
      }
      continue;
    }
    const std::size_t here = walk.next();
    if (at >= target) {
      return here;
    }
    place = walk.place();
  }
  return place;
}

}  // namespace tocsin::yaml
