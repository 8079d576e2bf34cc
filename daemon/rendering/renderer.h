#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/notice.h"
#include "templates/template.h"

namespace tocsin::rendering {

/// A template file of the user, as app has read it.
struct TemplateFile {
  std::string name;
  std::string content;
};

/// A configured field, parsed. Texts without actions cost nothing to render.
class Text {
 public:
  Text() = default;

 private:
  friend class Renderer;
  std::string plain_;
  std::optional<templates::Template> compiled_;
};

/// The definitions of all templates. Immutable; safe on any thread.
///
///     const auto renderer = Renderer::make(files);
///     const auto title = renderer->compile("{{ template \"slack.default.title\" . }}");
///     const auto shown = renderer->render(*title, notice);
class Renderer {
 public:
  /// The default definitions with those of the files added in order; errors name file and place.
  static base::Result<Renderer> make(const std::vector<TemplateFile>& files = {});

  /// Parses a configured field once; what is wrong with it is known at load.
  base::Result<Text> compile(std::string_view text) const;

  /// `now` and `since` answer for the time at which the notice was made.
  base::Result<std::string> render(const Text& text, const model::Notice& notice) const;
  base::Result<std::string> render(std::string_view text, const model::Notice& notice) const;
  /// For HTML e-mail: what actions print is escaped.
  base::Result<std::string> render_html(const Text& text, const model::Notice& notice) const;
  base::Result<std::string> render_html(std::string_view text, const model::Notice& notice) const;

  /// Subject and facts as plain text, for logs, commands and the text part of e-mails. Never
  /// fails: when a user's definition does, it gives receiver, status and group.
  std::string text_summary(const model::Notice& notice) const;
  /// The first line of it.
  std::string subject(const model::Notice& notice) const;

 private:
  explicit Renderer(templates::Template set) : set_(std::move(set)) {}
  std::string named_or_plain(std::string_view name, const model::Notice& notice) const;

  templates::Template set_;
};

}  // namespace tocsin::rendering
