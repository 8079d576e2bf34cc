#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tocsin::model {

/// A shared, immutable string: label names and values repeat thousands of times, so copies share
/// one text. Equal symbols of one SymbolTable are the same pointer; symbols made apart still
/// compare by content. Copies are safe to use on any thread. One pointer wide, the text in one
/// piece of memory: a store of a million series holds millions of them.
class Symbol {
 public:
  Symbol() = default;
  /// Texts of 4 GiB and more are cut: limits on input stand far below.
  explicit Symbol(std::string_view text) : text_(text.empty() ? nullptr : make(text)) {}
  Symbol(const Symbol& other) noexcept : text_(other.text_) {
    if (text_ != nullptr) {
      text_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  Symbol(Symbol&& other) noexcept : text_(std::exchange(other.text_, nullptr)) {}
  Symbol& operator=(Symbol other) noexcept {
    std::swap(text_, other.text_);
    return *this;
  }
  ~Symbol() {
    if (text_ != nullptr && text_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy(text_);
    }
  }

  std::string_view view() const {
    return text_ != nullptr
               ? std::string_view(reinterpret_cast<const char*>(text_ + 1), text_->size)
               : std::string_view();
  }
  bool empty() const { return text_ == nullptr; }
  /// Where the text is, for those who want it in the cache beforehand.
  const void* address() const { return text_; }
  /// How many copies are alive; a table drops those that only it holds.
  long use_count() const {
    return text_ != nullptr ? text_->references.load(std::memory_order_acquire) : 0;
  }
  /// What a text takes on the heap.
  static constexpr std::size_t heap_bytes(std::size_t size) { return sizeof(Text) + size; }

  friend bool operator==(const Symbol& a, const Symbol& b) {
    return a.text_ == b.text_ || a.view() == b.view();
  }
  friend auto operator<=>(const Symbol& a, const Symbol& b) {
    return a.text_ == b.text_ ? std::strong_ordering::equal : a.view() <=> b.view();
  }

 private:
  /// The characters follow behind it.
  struct Text {
    std::atomic<std::uint32_t> references;
    std::uint32_t size;
  };

  static Text* make(std::string_view text);
  static void destroy(Text* text);

  Text* text_ = nullptr;
};

}  // namespace tocsin::model
