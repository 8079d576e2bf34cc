#include "notifiers/email/message.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/hash.h"
#include "base/text.h"
#include "net/base64.h"
#include "net/response_writer.h"

namespace tocsin::notifiers::email {
namespace {

constexpr std::size_t kMaxLine = 76;
/// 45 bytes give 60 base64 characters; with the frame an encoded word has 72 of the allowed 75.
constexpr std::size_t kEncodedWordBytes = 45;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = base::truncate_utf8(text, kEncodedWordBytes).size();
    size = std::max<std::size_t>(size, 1);
    out += out.empty() ? "" : "\r\n ";
    out += "=?utf-8?B?" + net::base64_encode(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return out;
}

/// Breaks at blanks; the header's name takes some of the first line.
std::string folded(std::string_view text) {
  std::string out;
  std::size_t line = 20;
  for (const std::string_view word : base::split(text, ' ')) {
    if (!out.empty()) {
      const bool fold = line + 1 + word.size() > kMaxLine && !word.empty();
      out += fold ? "\r\n " : " ";
      line = fold ? 1 : line + 1;
    }
    out += word;
    line += word.size();
  }
  return out;
}

/// Splits at commas outside quotes and angle brackets.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  bool angled = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      parts.back() += c;
      parts.back() += text[++i];
      continue;
    }
    quoted = c == '"' ? !quoted : quoted;
    angled = !quoted && (c == '<' || (angled && c != '>'));
    if (c == ',' && !quoted && !angled) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string unquoted(std::string_view name) {
  name = base::trim(name);
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') {
    return std::string(name);
  }
  name = name.substr(1, name.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) {
      ++i;
    }
    out += name[i];
  }
  return out;
}

bool is_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.size() > 320) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("<>()[]\\,;:\"").find(c) == std::string_view::npos;
  });
}

base::Error not_an_address(std::string_view text) {
  return {base::ErrorCode::kInvalidInput,
          "expected a mail address, found " + base::quote(base::truncate_utf8(text, 100))};
}

std::string part(std::string_view type, std::string_view body) {
  return "Content-Type: " + std::string(type) +
         "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
         quoted_printable(body);
}

}  // namespace

base::Result<std::vector<Mailbox>> parse_mailboxes(std::string_view text) {
  std::vector<Mailbox> mailboxes;
  for (const std::string& entry : split_list(text)) {
    const std::string_view trimmed = base::trim(entry);
    if (trimmed.empty()) {
      continue;
    }
    Mailbox mailbox;
    const auto open = trimmed.rfind('<');
    if (open != std::string_view::npos && trimmed.back() == '>') {
      mailbox.name = unquoted(trimmed.substr(0, open));
      mailbox.address = base::trim(trimmed.substr(open + 1, trimmed.size() - open - 2));
    } else {
      mailbox.address = trimmed;
    }
    const bool clean = std::none_of(mailbox.name.begin(), mailbox.name.end(), is_control);
    if (!clean || !is_address(mailbox.address)) {
      return not_an_address(trimmed);
    }
    mailboxes.push_back(std::move(mailbox));
  }
  if (mailboxes.empty()) {
    return not_an_address(text);
  }
  return mailboxes;
}

std::string format_mailbox(const Mailbox& mailbox) {
  if (mailbox.name.empty()) {
    return mailbox.address;
  }
  const std::string address = " <" + mailbox.address + ">";
  if (!is_ascii(mailbox.name)) {
    return encoded_words(mailbox.name) + address;
  }
  std::string quoted = "\"";
  for (const char c : mailbox.name) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + "\"" + address;
}

std::string encode_header_text(std::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), is_control, ' ');
  const bool long_word = std::ranges::any_of(
      base::split(clean, ' '), [](std::string_view word) { return word.size() > 500; });
  return is_ascii(clean) && !long_word ? folded(clean) : encoded_words(clean);
}

std::string quoted_printable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  std::size_t line = 0;
  const auto put = [&](std::string_view piece) {
    if (line + piece.size() > kMaxLine - 1) {
      out += "=\r\n";
      line = 0;
    }
    out += piece;
    line += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool line_end = c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if (line_end) {
      i += c == '\r' ? 1 : 0;
      out += "\r\n";
      line = 0;
      continue;
    }
    // Blanks at a line's end get lost on the way, and a lone dot would end the mail.
    const bool at_end = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain = (c > 0x20 && c < 0x7f && c != '=' && !(c == '.' && line == 0)) ||
                       ((c == ' ' || c == '\t') && !at_end);
    if (plain) {
      put(std::string_view(&text[i], 1));
    } else {
      const auto byte = static_cast<unsigned char>(c);
      const std::array<char, 3> escaped = {'=', kHex[byte >> 4], kHex[byte & 15]};
      put(std::string_view(escaped.data(), escaped.size()));
    }
  }
  return out;
}

std::string format_mail_date(base::WallTime time) {
  // RFC 5322 differs from HTTP's date in the zone alone: names are obsolete there.
  std::string date = net::format_http_date(time);
  date.replace(date.size() - 3, 3, "+0000");
  return date;
}

std::string format_message(const Message& message) {
  std::string out;
  for (const auto& [name, value] : message.headers) {
    out += name + ": " + value + "\r\n";
  }
  out += "MIME-Version: 1.0\r\n";
  if (message.text.empty() || message.html.empty()) {
    const bool html = !message.html.empty();
    return out + part(html ? "text/html" : "text/plain", html ? message.html : message.text) +
           "\r\n";
  }
  // "=_" cannot occur in quoted-printable text.
  const std::string boundary = "=_tocsin_" + base::to_hex(base::fnv1a(message.boundary_seed));
  out += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
  for (const auto& piece : {part("text/plain", message.text), part("text/html", message.html)}) {
    out += "--" + boundary + "\r\n" + piece + "\r\n";
  }
  return out + "--" + boundary + "--\r\n";
}

}  // namespace tocsin::notifiers::email
