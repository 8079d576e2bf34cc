#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tocsin::testing {

/// A TCP port of 127.0.0.1 on which nobody listens now.
std::uint16_t free_port();

/// An accepted connection of a server below; ends when the server does.
class Connection {
 public:
  Connection(int descriptor, const std::atomic<bool>& stopping)
      : descriptor_(descriptor), stopping_(stopping) {}

  /// False when the other side is gone or the server stops.
  bool send(std::string_view text);
  /// One line without its end; false at the end.
  bool read_line(std::string& line);
  bool read_exactly(std::size_t count, std::string& text);
  /// Waits until the other side hangs up or the server stops.
  void wait_for_end();

 private:
  bool fill();

  int descriptor_;
  const std::atomic<bool>& stopping_;
  std::string buffer_;
};

/// Listens on 127.0.0.1 and serves each connection in a thread of its own, with blocking calls:
/// the plainest server that can misbehave at will.
class TcpServer {
 public:
  using Serve = std::function<void(Connection&)>;
  explicit TcpServer(Serve serve, std::uint16_t port = 0);
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void accept_all();
  void serve_one(int accepted);

  Serve serve_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::size_t sessions_ = 0;
  std::thread acceptor_;
};

struct HttpMessage {
  std::string method;
  std::string target;
  int status = 0;                              ///< of an answer; 0 when there was none
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::chrono::steady_clock::time_point at;

  std::string header(const std::string& name) const;
};

/// One request per connection. The handler writes the whole answer, and may write nonsense.
class HttpServer {
 public:
  using Handler = std::function<void(const HttpMessage& request, Connection& connection)>;
  explicit HttpServer(Handler handler, std::uint16_t port = 0);

  std::uint16_t port() const { return server_.port(); }
  std::string address() const { return server_.address(); }
  std::string url(const std::string& path) const { return "http://" + address() + path; }

 private:
  Handler handler_;
  TcpServer server_;
};

/// A complete answer.
std::string http_answer(int status, std::string_view body, std::string_view extra_headers = {});

/// A webhook receiver: keeps what it is sent, and answers as the test says (200 without a word).
class HttpSink {
 public:
  /// The whole answer to the request with this number, from 0.
  using Answer = std::function<std::string(std::size_t number, const HttpMessage& request)>;
  explicit HttpSink(Answer answer = {});

  std::string url() const { return server_.url("/hook"); }
  std::uint16_t port() const { return server_.port(); }
  std::vector<HttpMessage> requests() const;

 private:
  void take(const HttpMessage& request, Connection& connection);

  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<HttpMessage> requests_;
  HttpServer server_;
};

/// A scrape target whose page the test writes.
class PageServer {
 public:
  PageServer();

  void set(std::string page);
  std::string address() const { return server_.address(); }
  std::size_t polls() const { return polls_; }

 private:
  std::mutex mutex_;
  std::string page_;
  std::atomic<std::size_t> polls_ = 0;
  HttpServer server_;
};

struct Mail {
  std::string from;
  std::vector<std::string> to;
  std::string text;  ///< headers and body
};

/// Takes every mail.
class SmtpSink {
 public:
  SmtpSink();

  std::string address() const { return server_.address(); }
  std::vector<Mail> mails() const;

 private:
  void serve(Connection& connection);

  mutable std::mutex mutex_;
  std::vector<Mail> mails_;
  TcpServer server_;
};

struct HttpCall {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string method = "GET";
  std::string target = "/";
  std::map<std::string, std::string> headers;
  std::string body;
};

/// Status 0 when nobody answers within ten seconds.
HttpMessage http_call(const HttpCall& call);

/// As in a URL's query.
std::string percent_encode(std::string_view text);

/// What a service tells its service manager.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& folder);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  const std::string& path() const { return path_; }
  /// All messages so far, oldest first.
  const std::vector<std::string>& messages();
  bool has(std::string_view part);

 private:
  std::string path_;
  int descriptor_ = -1;
  std::vector<std::string> messages_;
};

}  // namespace tocsin::testing
