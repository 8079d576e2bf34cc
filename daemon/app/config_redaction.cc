#include "app/config_redaction.h"

#include <array>
#include <string_view>

#include "base/text.h"
#include "yaml/document.h"

namespace tocsin::app {
namespace {

constexpr std::string_view kSecret = "<secret>";

bool is_secret_key(std::string_view key) {
  const std::string lower = base::to_lower(key);
  // The name of a file, header or variable is none.
  if (lower.ends_with("_file") || lower.ends_with("_files") || lower.ends_with("_name")) {
    return false;
  }
  static constexpr std::array<std::string_view, 11> kWords = {
      "password", "secret", "token",  "credential",  "api_key",      "_key",
      "api_url",  "passwd", "apikey", "webhook_url", "auth_identity"};
  for (const std::string_view word : kWords) {
    if (lower.find(word) != std::string::npos) {
      return true;
    }
  }
  return false;
}

/// `https://user:password@host` without what stands before the `@`.
std::string without_user(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) {
    return text;
  }
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t at = text.rfind('@', end);
  if (at == std::string::npos || at < begin) {
    return text;
  }
  return text.substr(0, begin) + std::string(kSecret) + text.substr(at);
}

/// Writes a document again, in block style.
class Writer {
 public:
  std::string write(const yaml::Node& root) {
    value(root, 0, {});
    return std::move(out_);
  }

 private:
  struct Place {
    bool secret = false;       ///< scalars here are secrets
    bool integration = false;  ///< inside `…_configs`, whose `url` is where a webhook listens
  };

  void value(const yaml::Node& node, int depth, Place place) {
    switch (node.kind()) {
      case yaml::NodeKind::kMapping:
        mapping(node, depth, place);
        break;
      case yaml::NodeKind::kSequence:
        sequence(node, depth, place);
        break;
      case yaml::NodeKind::kNull:
        out_ += "null\n";
        break;
      case yaml::NodeKind::kScalar:
        scalar(node, place.secret);
        out_ += '\n';
        break;
    }
  }

  void mapping(const yaml::Node& node, int depth, Place place) {
    if (node.entries().empty()) {
      out_ += "{}\n";
      return;
    }
    bool first = true;
    for (const auto& [key, child] : node.entries()) {
      // The first key of a list's item stands on the line of its dash.
      indent(first && at_dash_ ? 0 : depth);
      first = at_dash_ = false;
      scalar(key, false);
      out_ += ':';
      const std::string name = key.kind() == yaml::NodeKind::kScalar ? key.text() : "";
      Place inside;
      inside.secret = is_secret_key(name) || (place.integration && name == "url");
      inside.integration =
          place.integration || (name.ends_with("_configs") && !name.starts_with("scrape"));
      child_of(child, depth, inside);
    }
  }

  void sequence(const yaml::Node& node, int depth, Place place) {
    if (node.items().empty()) {
      out_ += "[]\n";
      return;
    }
    for (const yaml::Node& item : node.items()) {
      indent(depth);
      out_ += "-";
      if (item.kind() == yaml::NodeKind::kMapping && !item.entries().empty()) {
        out_ += ' ';
        at_dash_ = true;
        value(item, depth + 1, place);
      } else {
        child_of(item, depth, place);
      }
    }
  }

  void child_of(const yaml::Node& child, int depth, Place place) {
    const bool block = (child.kind() == yaml::NodeKind::kMapping && !child.entries().empty()) ||
                       (child.kind() == yaml::NodeKind::kSequence && !child.items().empty());
    out_ += block ? '\n' : ' ';
    value(child, depth + 1, place);
  }

  void scalar(const yaml::Node& node, bool secret) {
    if (secret && !node.text().empty()) {
      out_ += kSecret;
      return;
    }
    const std::string text = without_user(node.text());
    const bool plain = !node.quoted() && node.content_line_offset() == 0 && !text.empty() &&
                       text.find('\n') == std::string::npos;
    out_ += plain ? text : base::quote(text);
  }

  void indent(int depth) { out_.append(static_cast<std::size_t>(depth) * 2, ' '); }

  std::string out_;
  bool at_dash_ = false;
};

}  // namespace

std::string redacted_config(const std::string& text) {
  const auto document = yaml::Document::parse(text, "");
  // What runs was read from this text, so that it is YAML; nothing is shown of anything else.
  return document ? Writer().write(document->root()) : std::string();
}

}  // namespace tocsin::app
