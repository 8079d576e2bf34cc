#include "net/growth.h"

#include <utility>

namespace tocsin::net {
namespace {

/// Below this a string may do as it likes.
constexpr std::size_t kSmall = 16 * 1024;

}  // namespace

void make_room(std::string& text, std::size_t more, std::size_t limit) {
  const std::size_t wanted = text.size() + more;
  if (wanted <= text.capacity() || wanted <= kSmall || wanted > limit) {
    return;
  }
  std::size_t room = limit;
  while (room - room / 2 >= wanted) {
    room -= room / 2;
  }
  // Not text.reserve(), which rounds up to the double.
  std::string larger;
  larger.reserve(room);
  larger.append(text);
  text = std::move(larger);
}

}  // namespace tocsin::net
