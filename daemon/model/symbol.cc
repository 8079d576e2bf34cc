#include "model/symbol.h"

#include <cstring>
#include <limits>
#include <new>

namespace tocsin::model {

Symbol::Text* Symbol::make(std::string_view text) {
  text = text.substr(0, std::numeric_limits<std::uint32_t>::max());
  void* memory = ::operator new(sizeof(Text) + text.size());
  auto* made = new (memory) Text{.references = 1, .size = static_cast<std::uint32_t>(text.size())};
  std::memcpy(reinterpret_cast<char*>(made + 1), text.data(), text.size());
  return made;
}

void Symbol::destroy(Text* text) {
  text->~Text();
  ::operator delete(text);
}

}  // namespace tocsin::model
