#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tocsin::model {

/// A shared, immutable string: label names and values repeat thousands of times, so copies share
/// one text. Equal symbols of one SymbolTable are the same pointer; symbols made apart still
/// compare by content. Copies are safe to use on any thread.
class Symbol {
 public:
  Symbol() = default;
  explicit Symbol(std::string_view text)
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(text)) {}

  std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  bool empty() const { return text_ == nullptr; }
  /// How many copies are alive; a table drops those that only it holds.
  long use_count() const { return text_.use_count(); }

  friend bool operator==(const Symbol& a, const Symbol& b) {
    return a.text_ == b.text_ || a.view() == b.view();
  }
  friend auto operator<=>(const Symbol& a, const Symbol& b) { return a.view() <=> b.view(); }

 private:
  std::shared_ptr<const std::string> text_;
};

}  // namespace tocsin::model
