#pragma once

#include <string>
#include <vector>

#include "base/duration.h"
#include "base/secret.h"
#include "net/http.h"

namespace tocsin::notifiers::email {

/// One mail for one relay.
struct SmtpRequest {
  std::string host;
  std::string port;
  std::string hello;
  std::string user_name;  ///< empty: no authentication
  base::Secret password;
  std::string identity;       ///< authorization identity, when it is not the user
  bool cram_md5 = false;      ///< this mechanism only; else the best that the relay offers
  bool starttls = true;       ///< STARTTLS or nothing
  bool implicit_tls = false;  ///< TLS from the first byte
  net::TlsOptions tls;

  std::string sender;  ///< bare addresses
  std::vector<std::string> recipients;
  std::string data;  ///< the message with CRLF line ends
  base::Duration time_limit = std::chrono::seconds(30);
};

/// A recipient that the relay did not take.
struct RefusedRecipient {
  std::string address;
  std::string reply;  ///< "550 no such user"
};

/// How it went. `code` is the relay's last reply, 0 when there was none. `sent` means that the
/// relay has taken the mail for every recipient that is not among `refused`.
struct SmtpReply {
  bool sent = false;
  long code = 0;
  std::string error;
  std::vector<RefusedRecipient> refused;
};

/// Sends one mail and returns when it is over; blocks for up to the time limit. libcurl is loaded
/// by the first call, so that a daemon that sends no mail does not carry it.
SmtpReply send_mail(const SmtpRequest& request);

}  // namespace tocsin::notifiers::email
