#include "notifiers/email/smtp.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace tocsin::notifiers::email {
namespace {

/// The functions of libcurl that mail needs.
struct Curl {
  CURLcode (*global_init)(long);
  CURL* (*init)();
  CURLcode (*set)(CURL*, CURLoption, ...);
  CURLcode (*perform)(CURL*);
  CURLcode (*info)(CURL*, CURLINFO, ...);
  void (*cleanup)(CURL*);
  const char* (*text)(CURLcode);
  curl_slist* (*append)(curl_slist*, const char*);
  void (*free_list)(curl_slist*);
  bool complete = false;

  static Curl load();

 private:
  template <class Function>
  static bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
  }
};

Curl Curl::load() {
  Curl curl{};
  // Never closed: its dependencies do not survive being loaded twice.
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  curl.complete = library != nullptr && find(library, "curl_global_init", curl.global_init) &&
                  find(library, "curl_easy_init", curl.init) &&
                  find(library, "curl_easy_setopt", curl.set) &&
                  find(library, "curl_easy_perform", curl.perform) &&
                  find(library, "curl_easy_getinfo", curl.info) &&
                  find(library, "curl_easy_cleanup", curl.cleanup) &&
                  find(library, "curl_easy_strerror", curl.text) &&
                  find(library, "curl_slist_append", curl.append) &&
                  find(library, "curl_slist_free_all", curl.free_list) &&
                  curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return curl;
}

std::size_t read_data(char* buffer, std::size_t size, std::size_t count, void* rest_pointer) {
  auto& rest = *static_cast<std::string_view*>(rest_pointer);
  const std::size_t taken = std::min(size * count, rest.size());
  std::memcpy(buffer, rest.data(), taken);
  rest.remove_prefix(taken);
  return taken;
}

/// Follows the conversation, because curl does not say which recipients were refused.
class Listener {
 public:
  static int on_debug(CURL*, curl_infotype kind, char* data, std::size_t size, void* listener) {
    static_cast<Listener*>(listener)->hear(kind, std::string_view(data, size));
    return 0;
  }
  std::vector<RefusedRecipient> take() { return std::move(refused_); }

 private:
  void hear(curl_infotype kind, std::string_view text) {
    constexpr std::string_view kRecipient = "RCPT TO:<";
    if (kind == CURLINFO_HEADER_OUT) {
      const auto end = text.rfind('>');
      recipient_ = text.starts_with(kRecipient) && end != std::string_view::npos
                       ? text.substr(kRecipient.size(), end - kRecipient.size())
                       : std::string_view();
    } else if (kind == CURLINFO_HEADER_IN && !recipient_.empty() &&
               (text.starts_with('4') || text.starts_with('5'))) {
      refused_.push_back({std::exchange(recipient_, {}), std::string(base::trim(text))});
    }
  }

  std::string recipient_;  // that the relay is being asked about
  std::vector<RefusedRecipient> refused_;
};

/// Owns what curl keeps pointers to while it works.
class Session {
 public:
  Session(const Curl& curl, const SmtpRequest& request)
      : curl_(curl), request_(request), handle_(curl.init()), rest_(request.data) {}
  ~Session() {
    curl_.free_list(recipients_);
    curl_.free_list(connect_to_);
    curl_.cleanup(handle_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  SmtpReply send() {
    if (handle_ == nullptr) {
      return {false, 0, "libcurl has no memory left", {}};
    }
    set_up_connection();
    set_up_login();
    set_up_message();
    curl_.set(handle_, CURLOPT_ERRORBUFFER, error_.data());
    const CURLcode result = curl_.perform(handle_);
    SmtpReply reply;
    curl_.info(handle_, CURLINFO_RESPONSE_CODE, &reply.code);
    reply.sent = result == CURLE_OK;
    if (!reply.sent) {
      reply.error = error_[0] != '\0' ? error_.data() : curl_.text(result);
    }
    reply.refused = listener_.take();
    return reply;
  }

 private:
  void set_text(CURLoption option, const std::string& text) {
    if (!text.empty()) {
      curl_.set(handle_, option, text.c_str());
    }
  }

  void set_up_connection() {
    // The name in the URL is the one that the certificate has to carry.
    const net::TlsOptions& tls = request_.tls;
    const std::string name = tls.server_name.empty() ? request_.host : tls.server_name;
    const bool bare_v6 = name.find(':') != std::string::npos;
    const std::string url = std::string(request_.implicit_tls ? "smtps" : "smtp") + "://" +
                            (bare_v6 ? "[" + name + "]" : name) + ":" + request_.port + "/" +
                            request_.hello;
    set_text(CURLOPT_URL, url);
    set_text(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    if (name != request_.host) {
      const std::string route =
          name + ":" + request_.port + ":" + request_.host + ":" + request_.port;
      connect_to_ = curl_.append(connect_to_, route.c_str());
      curl_.set(handle_, CURLOPT_CONNECT_TO, connect_to_);
    }
    curl_.set(handle_, CURLOPT_NOSIGNAL, 1L);
    set_text(CURLOPT_NOPROXY, "*");
    curl_.set(handle_, CURLOPT_TIMEOUT_MS,
              static_cast<long>(std::max<std::int64_t>(request_.time_limit.count(), 1)));
    curl_.set(handle_, CURLOPT_USE_SSL,
              static_cast<long>(request_.starttls && !request_.implicit_tls ? CURLUSESSL_ALL
                                                                            : CURLUSESSL_NONE));
    set_text(CURLOPT_CAINFO, tls.ca_file);
    set_text(CURLOPT_SSLCERT, tls.cert_file);
    set_text(CURLOPT_SSLKEY, tls.key_file);
    if (tls.insecure_skip_verify) {
      curl_.set(handle_, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_.set(handle_, CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }

  void set_up_login() {
    if (request_.user_name.empty()) {
      return;
    }
    set_text(CURLOPT_USERNAME, request_.user_name);
    set_text(CURLOPT_PASSWORD, request_.password.reveal());
    set_text(CURLOPT_SASL_AUTHZID, request_.identity);
    if (request_.cram_md5) {
      set_text(CURLOPT_LOGIN_OPTIONS, "AUTH=CRAM-MD5");
    }
  }

  void set_up_message() {
    set_text(CURLOPT_MAIL_FROM, "<" + request_.sender + ">");
    for (const std::string& recipient : request_.recipients) {
      recipients_ = curl_.append(recipients_, ("<" + recipient + ">").c_str());
    }
    curl_.set(handle_, CURLOPT_MAIL_RCPT, recipients_);
    // One mistyped address must not keep the mail from the others.
    curl_.set(handle_, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_.set(handle_, CURLOPT_DEBUGFUNCTION, &Listener::on_debug);
    curl_.set(handle_, CURLOPT_DEBUGDATA, &listener_);
    curl_.set(handle_, CURLOPT_VERBOSE, 1L);
    curl_.set(handle_, CURLOPT_UPLOAD, 1L);
    curl_.set(handle_, CURLOPT_READFUNCTION, &read_data);
    curl_.set(handle_, CURLOPT_READDATA, &rest_);
  }

  const Curl& curl_;
  const SmtpRequest& request_;
  CURL* handle_;
  std::string_view rest_;
  Listener listener_;
  curl_slist* recipients_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace

SmtpReply send_mail(const SmtpRequest& request) {
  static const Curl kCurl = Curl::load();
  if (!kCurl.complete) {
    return {false, 0, "libcurl.so.4 cannot be loaded; install the package libcurl4", {}};
  }
  return Session(kCurl, request).send();
}

}  // namespace tocsin::notifiers::email
