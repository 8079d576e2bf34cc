#include "notifiers/secrets.h"

#include "base/text.h"
#include "net/url.h"

namespace tocsin::notifiers {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

}  // namespace

base::Secret read_secret(yaml::MappingReader& reader, std::string_view key, const Files& files) {
  const std::string file_key = std::string(key) + "_file";
  const auto text = reader.secret(key);
  const auto path = reader.text(file_key);
  const bool has_text = text && !text->empty();
  if (!path || path->empty()) {
    return has_text ? *text : base::Secret();
  }
  if (has_text) {
    reader.problem(file_key, "expected at most one of " + std::string(key) + " and " + file_key);
    return *text;
  }
  auto content = files.system.read_file(base::resolve_path(files.folder, *path), kMaxSecretBytes);
  if (!content) {
    reader.problem(file_key, content.error().message());
    return {};
  }
  return base::Secret(std::string(base::trim(*content)));
}

std::optional<http_config::HttpOptions> take_http_config(yaml::MappingReader& reader,
                                                         const Files& files,
                                                         yaml::Problems& problems) {
  const yaml::Node* node = reader.take("http_config");
  if (node == nullptr) {
    return std::nullopt;
  }
  yaml::MappingReader keys(*node, "http_config", problems);
  http_config::HttpOptions options =
      http_config::decode_http_options(keys, files.config(), problems);
  keys.finish();
  return options;
}

void check_url(yaml::MappingReader& reader, std::string_view key, std::string_view url) {
  if (!net::parse_url(url)) {
    // Not quoted: URLs of webhooks are secrets.
    reader.problem(key, "expected an absolute http or https URL");
  }
}

}  // namespace tocsin::notifiers
