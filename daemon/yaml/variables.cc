#include "yaml/variables.h"

#include <string_view>

namespace tocsin::yaml {
namespace {

// For private use; nobody writes them around a name.
constexpr std::string_view kOpen = "\xEE\x80\x80";
constexpr std::string_view kClose = "\xEE\x80\x81";

bool is_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::string replace(std::string_view text, std::string_view open, std::string_view close,
                    std::string_view new_open, std::string_view new_close) {
  const std::string begin = "$" + std::string(open);
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = text.find(begin); at != std::string_view::npos;
       at = text.find(begin, at + 1)) {
    const std::size_t name = at + begin.size();
    std::size_t end = name;
    while (end < text.size() && is_name(text[end])) {
      ++end;
    }
    if (end > name && text.substr(end).starts_with(close)) {
      out.append(text.substr(done, at + 1 - done)).append(new_open);
      out.append(text.substr(name, end - name)).append(new_close);
      done = end + close.size();
    }
  }
  return out.append(text.substr(done));
}

}  // namespace

std::string guard_variables(std::string_view text) {
  return replace(text, "{", "}", kOpen, kClose);
}

std::string restore_variables(std::string_view text) {
  return replace(text, kOpen, kClose, "{", "}");
}

}  // namespace tocsin::yaml
