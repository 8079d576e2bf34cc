#pragma once

#include <cstddef>
#include <string>

namespace tocsin::net {

/// Makes room for `more` bytes in a text that may come to `limit` bytes (0: no limit). A string
/// that grows by itself doubles, and while it moves holds both the old bytes and the new ones: at
/// worst nearly four times the limit. The steps taken here are halves of the limit, quarters and so
/// on, so that both together stay within it. The text with `more` must be within the limit.
void make_room(std::string& text, std::size_t more, std::size_t limit);

}  // namespace tocsin::net
