#include "net/url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "base/text.h"

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Url::authority() const {
  if (host.starts_with("unix:")) {
    return "localhost";
  }
  std::string text = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  if (port != default_port(scheme)) {
    text += ":" + std::to_string(port);
  }
  return text;
}

std::string Url::origin() const {
  return scheme + "://" + (host.starts_with("unix:") ? host : authority());
}

base::Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    return Error(ErrorCode::kInvalidInput, "not a valid URL: " + parsed.error().message());
  }
  const boost::urls::url_view& view = *parsed;
  Url url;
  url.scheme = base::to_lower(std::string_view(view.scheme()));
  if (url.scheme != "http" && url.scheme != "https") {
    return Error(ErrorCode::kInvalidInput, "unsupported scheme, expected http or https");
  }
  url.host = view.host_address();
  if (url.host.empty()) {
    return Error(ErrorCode::kInvalidInput, "a URL without host");
  }
  url.port = default_port(url.scheme);
  if (view.has_port() && !view.port().empty() && !parse_port(view.port(), url.port)) {
    return Error(ErrorCode::kInvalidInput, "a port outside 0 to 65535");
  }
  url.has_user = view.has_userinfo();
  url.user = view.user();
  url.password = view.password();
  url.target = std::string(std::string_view(view.encoded_path()));
  if (url.target.empty()) {
    url.target = "/";
  }
  if (view.has_query()) {
    url.target += "?" + std::string(std::string_view(view.encoded_query()));
  }
  return url;
}

base::Result<std::string> resolve_reference(std::string_view from, std::string_view location) {
  const auto base_url = boost::urls::parse_uri(from);
  const auto reference = boost::urls::parse_uri_reference(location);
  if (!base_url || !reference) {
    return Error(ErrorCode::kCorrupt, "redirected to what is not a URL");
  }
  boost::urls::url resolved;
  const auto done = boost::urls::resolve(*base_url, *reference, resolved);
  if (!done) {
    return Error(ErrorCode::kCorrupt, "redirected to what is not a URL");
  }
  return std::string(std::string_view(resolved.buffer()));
}

bool may_carry_credentials(const Url& first, const Url& from, const Url& to) {
  if (from.scheme == "https" && to.scheme != "https") {
    return false;
  }
  const std::string parent = base::to_lower(first.host);
  const std::string host = base::to_lower(to.host);
  if (host == parent) {
    return true;
  }
  // The end of an IPv6 address, of its zone or of a socket's path says nothing; nor has an IPv4
  // address a host below it: 10.0.0.1 is none of "0.0.1".
  const bool is_name = host.find_first_of(":%") == std::string::npos &&
                       host.find_first_not_of("0123456789.") != std::string::npos;
  return is_name && host.ends_with("." + parent);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

std::string percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

QueryParameters parse_query(std::string_view text) {
  QueryParameters parameters;
  for (const std::string_view part : base::split(text, '&')) {
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view value = equals < part.size() ? part.substr(equals + 1) : "";
    parameters.emplace_back(percent_decode(part.substr(0, equals), true),
                            percent_decode(value, true));
  }
  return parameters;
}

std::string format_query(const QueryParameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += (out.empty() ? "" : "&") + percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

base::Result<std::pair<std::string, std::uint16_t>> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos || !parse_port(text.substr(colon + 1), port)) {
    return Error(ErrorCode::kInvalidInput, "expected host:port, got " + base::quote(text));
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidInput, "an IPv6 address needs brackets: " + base::quote(text));
  }
  return std::pair(std::string(host), port);
}

}  // namespace tocsin::net
