#pragma once

#include <string>
#include <utility>

namespace tocsin::base {

/// A text that must never be printed: passwords, tokens, URLs that hold one. Whatever formats it
/// gets "***"; only reveal() gives the text.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

/// What log lines and error messages show instead of a secret.
inline std::string to_string(const Secret& secret) { return secret.empty() ? "" : "***"; }

}  // namespace tocsin::base
