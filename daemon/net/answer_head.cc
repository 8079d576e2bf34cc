#include "net/answer_head.h"

#include <algorithm>

namespace tocsin::net {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "HTTP/1.1 200" and no more.
bool lacks_reason(std::string_view line) {
  constexpr std::string_view kShape = "HTTP/0.0 000";
  return std::ranges::equal(
      line, kShape, [](char c, char shape) { return shape == '0' ? is_digit(c) : c == shape; });
}

}  // namespace

base::Result<std::size_t> AnswerHead::feed(std::string_view bytes, std::string& out) {
  std::size_t used = 0;
  while (!done_ && used < bytes.size()) {
    const std::size_t end = bytes.find('\n', used);
    const std::string_view part = bytes.substr(used, end == bytes.npos ? end : end - used);
    used = end == bytes.npos ? bytes.size() : end + 1;
    taken_ += part.size() + 1;
    if (taken_ > max_bytes_) {
      return base::Error(base::ErrorCode::kCorrupt, "the answer's header is larger than " +
                                                        std::to_string(max_bytes_) + " bytes");
    }
    line_.append(part);
    if (end != bytes.npos) {
      end_line(out);
    }
  }
  return used;
}

void AnswerHead::end_line(std::string& out) {
  if (line_.ends_with('\r')) {
    line_.pop_back();
  }
  // A blank line in the place of the status line ends nothing; the parser will refuse it.
  done_ = line_.empty() && !first_;
  out.append(line_);
  if (first_ && lacks_reason(line_)) {
    out.push_back(' ');
  }
  out.append("\r\n");
  first_ = false;
  line_.clear();
}

}  // namespace tocsin::net
