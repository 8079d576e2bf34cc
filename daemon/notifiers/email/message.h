#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tocsin::notifiers::email {

/// `"Kim, On call" <kim@example.org>`.
struct Mailbox {
  std::string name;
  std::string address;
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

/// Reads a comma-separated list of RFC 5322 mailboxes. kInvalidInput for anything that could
/// become another header or command: control characters, blanks in an address, no @.
base::Result<std::vector<Mailbox>> parse_mailboxes(std::string_view text);

/// One mailbox as it goes into a header, its name quoted or encoded as needed.
std::string format_mailbox(const Mailbox& mailbox);

/// A header's value: control characters become blanks, other than ASCII becomes RFC 2047 encoded
/// words, long lines are folded.
std::string encode_header_text(std::string_view text);

/// RFC 2045 quoted-printable with CRLF line ends.
std::string quoted_printable(std::string_view text);

/// "Sat, 31 Jan 2026 09:05:00 +0000" (RFC 5322).
std::string format_mail_date(base::WallTime time);

struct Message {
  std::vector<std::pair<std::string, std::string>> headers;  ///< values ready for the wire
  std::string text;                                          ///< UTF-8; may be empty
  std::string html;                                          ///< UTF-8; may be empty
  std::string boundary_seed;
};

/// The whole message with CRLF line ends: text alone, HTML alone, or both as alternatives.
std::string format_message(const Message& message);

}  // namespace tocsin::notifiers::email
