#pragma once

#include <memory>
#include <string>

#include "notifiers/text_renderer.h"
#include "rendering/renderer.h"

namespace tocsin::app {

/// Lends the rendering room's templates to notifiers.
class TextRendering final : public notifiers::TextRenderer {
 public:
  explicit TextRendering(rendering::Renderer renderer) : renderer_(std::move(renderer)) {}

  base::Result<std::string> render(std::string_view text,
                                   const model::Notice& notice) const override {
    return renderer_.render(text, notice);
  }
  base::Result<std::string> render_html(std::string_view text,
                                        const model::Notice& notice) const override {
    return renderer_.render_html(text, notice);
  }

 private:
  rendering::Renderer renderer_;
};

}  // namespace tocsin::app
