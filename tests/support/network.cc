#include "support/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <stdexcept>

namespace tocsin::testing {
namespace {

constexpr int kPollMs = 20;

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

int listen_on(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = address_of("127.0.0.1", port);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(descriptor, 64) != 0) {
    close(descriptor);
    throw std::runtime_error("cannot listen on port " + std::to_string(port));
  }
  return descriptor;
}

bool readable(int descriptor) {
  pollfd wanted{descriptor, POLLIN, 0};
  return poll(&wanted, 1, kPollMs) > 0;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool read_headers(Connection& connection, HttpMessage& message) {
  std::string line;
  while (connection.read_line(line)) {
    if (line.empty()) {
      return true;
    }
    const auto colon = line.find(':');
    if (colon == std::string::npos) {
      return false;
    }
    const auto value = line.find_first_not_of(' ', colon + 1);
    message.headers[lower(line.substr(0, colon))] =
        value == std::string::npos ? "" : line.substr(value);
  }
  return false;
}

bool read_request(Connection& connection, HttpMessage& request) {
  std::string line;
  if (!connection.read_line(line)) {
    return false;
  }
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) {
    return false;
  }
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  request.at = std::chrono::steady_clock::now();
  if (!read_headers(connection, request)) {
    return false;
  }
  const std::string length = request.header("content-length");
  return length.empty() || connection.read_exactly(std::stoul(length), request.body);
}

}  // namespace

// Below the range from which the system takes ports by itself, and each process from a place of its
// own: nobody takes the port before the program that is told of it.
std::uint16_t free_port() {
  static std::atomic<unsigned> next = static_cast<unsigned>(getpid()) * 16;
  for (int tries = 0; tries < 1000; ++tries) {
    const auto port = static_cast<std::uint16_t>(20000 + next++ % 12000);
    try {
      close(listen_on(port));
      return port;
    } catch (const std::runtime_error&) {
      continue;  // taken
    }
  }
  throw std::runtime_error("no free port");
}

bool Connection::send(std::string_view text) {
  while (!text.empty() && !stopping_) {
    pollfd wanted{descriptor_, POLLOUT, 0};
    if (poll(&wanted, 1, kPollMs) == 0) {
      continue;
    }
    const ssize_t count =
        ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) {
      return false;
    }
    text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  return text.empty();
}

bool Connection::fill() {
  while (!stopping_) {
    if (!readable(descriptor_)) {
      continue;
    }
    char buffer[4096];
    const ssize_t count = recv(descriptor_, buffer, sizeof buffer, 0);
    if (count <= 0) {
      return false;
    }
    buffer_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  return false;
}

bool Connection::read_line(std::string& line) {
  std::size_t end = 0;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (!fill()) {
      return false;
    }
  }
  line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return true;
}

bool Connection::read_exactly(std::size_t count, std::string& text) {
  while (buffer_.size() < count) {
    if (!fill()) {
      return false;
    }
  }
  text = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return true;
}

void Connection::wait_for_end() {
  while (fill()) {
  }
}

TcpServer::TcpServer(Serve serve, std::uint16_t port)
    : serve_(std::move(serve)), listener_(listen_on(port)) {
  port_ = port_of(listener_);
  acceptor_ = std::thread([this] { accept_all(); });
}

TcpServer::~TcpServer() {
  stopping_ = true;
  acceptor_.join();
  std::unique_lock lock(mutex_);
  all_ended_.wait(lock, [this] { return sessions_ == 0; });
  close(listener_);
}

void TcpServer::accept_all() {
  while (!stopping_) {
    if (!readable(listener_)) {
      continue;
    }
    const int accepted = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) {
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      ++sessions_;
    }
    // The destructor waits for the count, so that ended threads need not be kept until then.
    std::thread([this, accepted] { serve_one(accepted); }).detach();
  }
}

void TcpServer::serve_one(int accepted) {
  {
    Connection connection(accepted, stopping_);
    serve_(connection);
  }
  shutdown(accepted, SHUT_RDWR);
  close(accepted);
  const std::lock_guard lock(mutex_);
  --sessions_;
  all_ended_.notify_all();
}

std::string HttpMessage::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpServer::HttpServer(Handler handler, std::uint16_t port)
    : handler_(std::move(handler)),
      server_(
          [this](Connection& connection) {
            HttpMessage request;
            if (read_request(connection, request)) {
              handler_(request, connection);
            }
          },
          port) {}

std::string http_answer(int status, std::string_view body, std::string_view extra_headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra_headers) + "\r\n" + std::string(body);
}

HttpSink::HttpSink(Answer answer)
    : answer_(std::move(answer)),
      server_([this](const HttpMessage& request, Connection& connection) {
        take(request, connection);
      }) {}

void HttpSink::take(const HttpMessage& request, Connection& connection) {
  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = requests_.size();
    requests_.push_back(request);
  }
  connection.send(answer_ ? answer_(number, request) : http_answer(200, "{}"));
}

std::vector<HttpMessage> HttpSink::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

PageServer::PageServer()
    : server_([this](const HttpMessage&, Connection& connection) {
        std::string page;
        {
          const std::lock_guard lock(mutex_);
          page = page_;
        }
        ++polls_;
        connection.send(http_answer(200, page, "Content-Type: text/plain; version=0.0.4\r\n"));
      }) {}

void PageServer::set(std::string page) {
  const std::lock_guard lock(mutex_);
  page_ = std::move(page);
}

SmtpSink::SmtpSink() : server_([this](Connection& connection) { serve(connection); }) {}

void SmtpSink::serve(Connection& connection) {
  Mail mail;
  std::string line;
  bool alive = connection.send("220 sink\r\n");
  while (alive && connection.read_line(line)) {
    const std::string verb = lower(line.substr(0, 4));
    if (verb == "ehlo") {
      alive = connection.send("250-sink\r\n250 8BITMIME\r\n");
    } else if (verb == "mail") {
      mail = {.from = line.substr(line.find(':') + 1), .to = {}, .text = ""};
      alive = connection.send("250 ok\r\n");
    } else if (verb == "rcpt") {
      mail.to.push_back(line.substr(line.find(':') + 1));
      alive = connection.send("250 ok\r\n");
    } else if (verb == "data") {
      alive = connection.send("354 go on\r\n");
      while (connection.read_line(line) && line != ".") {
        mail.text += line + "\n";
      }
      const std::lock_guard lock(mutex_);
      mails_.push_back(mail);
      alive = connection.send("250 taken\r\n");
    } else if (verb == "quit") {
      connection.send("221 bye\r\n");
      alive = false;
    } else {
      alive = connection.send("250 ok\r\n");
    }
  }
}

std::vector<Mail> SmtpSink::mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}

namespace {

/// Sends the request and reads until the other side hangs up.
std::string exchange(const HttpCall& call) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{60, 0};  // a large answer of a busy machine takes its time
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_in address = address_of(call.host, call.port);
  std::string request = call.method + " " + call.target + " HTTP/1.1\r\nHost: " + call.host +
                        "\r\nConnection: close\r\n";
  for (const auto& [name, value] : call.headers) {
    request += name + ": " + value + "\r\n";
  }
  if (!call.body.empty() || call.method == "POST") {
    request += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  }
  request += "\r\n" + call.body;
  std::string text;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    ssize_t count = 0;
    while ((count = recv(descriptor, buffer, sizeof buffer, 0)) > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    }
  }
  close(descriptor);
  return text;
}

}  // namespace

HttpMessage http_call(const HttpCall& call) {
  HttpMessage answer;
  const std::string text = exchange(call);
  answer.at = std::chrono::steady_clock::now();
  const auto body = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.") || body == std::string::npos) {
    return answer;
  }
  answer.status = std::atoi(text.c_str() + std::strlen("HTTP/1.1 "));
  answer.body = text.substr(body + 4);
  std::size_t at = text.find("\r\n") + 2;
  while (at < body + 2) {
    const std::size_t end = text.find("\r\n", at);
    const std::string line = text.substr(at, end - at);
    if (const auto colon = line.find(": "); colon != std::string::npos) {
      answer.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
    }
    at = end + 2;
  }
  return answer;
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

NotifySocket::NotifySocket(const std::string& folder) : path_(folder + "/notify") {
  descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot bind " + path_);
  }
}

NotifySocket::~NotifySocket() { close(descriptor_); }

const std::vector<std::string>& NotifySocket::messages() {
  char buffer[4096];
  ssize_t count = 0;
  while ((count = recv(descriptor_, buffer, sizeof buffer, 0)) > 0) {
    messages_.emplace_back(buffer, static_cast<std::size_t>(count));
  }
  return messages_;
}

bool NotifySocket::has(std::string_view part) {
  return std::ranges::any_of(messages(), [part](const std::string& message) {
    return message.find(part) != std::string::npos;
  });
}

}  // namespace tocsin::testing
