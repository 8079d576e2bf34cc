#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "notifiers/text_renderer.h"

namespace tocsin::notifiers {

/// Renders many templates for one notice and remembers the first failure, so that a message is
/// built in one go and checked once.
class TemplateTexts {
 public:
  TemplateTexts(const TextRenderer& renderer, const model::Notice& notice)
      : renderer_(renderer), notice_(notice) {}

  /// The text, or "" after a failure. `what` names the setting in its message.
  std::string render(std::string_view what, std::string_view text) {
    if (failure_ || text.empty()) {
      return {};
    }
    base::Result<std::string> rendered = renderer_.render(text, notice_);
    if (!rendered) {
      failure_ = base::Error(rendered.error()).context(what);
      return {};
    }
    return *std::move(rendered);
  }

  const std::optional<base::Error>& failure() const { return failure_; }

 private:
  const TextRenderer& renderer_;
  const model::Notice& notice_;
  std::optional<base::Error> failure_;
};

}  // namespace tocsin::notifiers
