#include "rendering/renderer.h"

#include "rendering/default_templates.h"
#include "rendering/notice_data.h"

namespace tocsin::rendering {
namespace {

using templates::FunctionMap;

/// What parsing has to know; `now` and `since` are replaced for each notice.
const FunctionMap& known_functions() {
  static const FunctionMap kFunctions = [] {
    FunctionMap map = templates::alertmanager_functions();
    templates::add_clock_functions(map, base::WallTime());
    return map;
  }();
  return kFunctions;
}

FunctionMap functions_at(base::WallTime now) {
  FunctionMap functions = known_functions();
  templates::add_clock_functions(functions, now);
  return functions;
}

}  // namespace

base::Result<Renderer> Renderer::make(const std::vector<TemplateFile>& files) {
  base::Result<templates::Template> set =
      templates::Template::parse("default", default_templates(), known_functions());
  if (!set) {
    return std::move(set).error();
  }
  for (const TemplateFile& file : files) {
    if (base::Status status = set->add(file.name, file.content, known_functions()); !status) {
      return std::move(status).error();
    }
  }
  return Renderer(std::move(*set));
}

base::Result<Text> Renderer::compile(std::string_view text) const {
  Text result;
  if (text.find("{{") == std::string_view::npos) {
    result.plain_ = std::string(text);
    return result;
  }
  base::Result<templates::Template> compiled = set_.with_main("", text, known_functions());
  if (!compiled) {
    return std::move(compiled).error();
  }
  result.compiled_ = std::move(*compiled);
  return result;
}

base::Result<std::string> Renderer::render(const Text& text, const model::Notice& notice) const {
  if (!text.compiled_) {
    return text.plain_;
  }
  return text.compiled_->execute(notice_value(notice), functions_at(notice.created_at));
}

base::Result<std::string> Renderer::render(std::string_view text,
                                           const model::Notice& notice) const {
  const base::Result<Text> compiled = compile(text);
  if (!compiled) {
    return compiled.error();
  }
  return render(*compiled, notice);
}

base::Result<std::string> Renderer::render_html(const Text& text,
                                                const model::Notice& notice) const {
  if (!text.compiled_) {
    return text.plain_;
  }
  return text.compiled_->execute_html(notice_value(notice), functions_at(notice.created_at));
}

base::Result<std::string> Renderer::render_html(std::string_view text,
                                                const model::Notice& notice) const {
  const base::Result<Text> compiled = compile(text);
  if (!compiled) {
    return compiled.error();
  }
  return render_html(*compiled, notice);
}

std::string Renderer::named_or_plain(std::string_view name, const model::Notice& notice) const {
  base::Result<std::string> text =
      set_.execute_named(name, notice_value(notice), functions_at(notice.created_at));
  if (text) {
    return std::move(*text);
  }
  return (notice.resolved ? "RESOLVED: " : "FIRING: ") + notice.receiver + " " +
         notice.group_labels.to_string();
}

std::string Renderer::text_summary(const model::Notice& notice) const {
  return named_or_plain("__summary", notice);
}

std::string Renderer::subject(const model::Notice& notice) const {
  return named_or_plain("__subject", notice);
}

}  // namespace tocsin::rendering
