#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/notice.h"

namespace tocsin::notifiers {

/// Turns the templates of receivers (`title: '{{ .CommonLabels.alertname }}'`) into text. The
/// composer implements it; it knows the named templates (`slack.default.title`) and their data.
class TextRenderer {
 public:
  virtual ~TextRenderer() = default;

  /// kInvalidInput when the template is wrong or does not fit the data.
  virtual base::Result<std::string> render(std::string_view template_text,
                                           const model::Notice& notice) const = 0;

  /// The same with values escaped for HTML.
  virtual base::Result<std::string> render_html(std::string_view template_text,
                                                const model::Notice& notice) const = 0;
};

}  // namespace tocsin::notifiers
