#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace tocsin::testing {

/// A mail server on the loopback that takes one connection and remembers what it was told. The
/// answers to RCPT and to the end of DATA can be chosen.
class SmtpSink {
 public:
  explicit SmtpSink(std::string rcpt_answer = "250 ok", std::string data_answer = "250 queued")
      : rcpt_answer_(std::move(rcpt_answer)), data_answer_(std::move(data_answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~SmtpSink() { wait(); }
  SmtpSink(const SmtpSink&) = delete;
  SmtpSink& operator=(const SmtpSink&) = delete;

  const std::string& port() const { return port_; }

  /// After this the fields below may be read.
  void wait() {
    if (thread_.joinable()) {
      shutdown(listener_, SHUT_RDWR);
      thread_.join();
      close(listener_);
    }
  }

  std::vector<std::string> commands;
  std::string data;

 private:
  void serve() {
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) {
      return;
    }
    say(peer, "220 sink");
    std::string line;
    while (next_line(peer, line)) {
      commands.push_back(line);
      const std::string verb = line.substr(0, 4);
      if (verb == "EHLO") {
        say(peer, "250-sink\r\n250 AUTH PLAIN");
      } else if (verb == "AUTH") {
        say(peer, "334 ");
        next_line(peer, line);
        say(peer, "235 welcome");
      } else if (verb == "RCPT") {
        say(peer, rcpt_answer_);
      } else if (verb == "DATA") {
        say(peer, "354 go on");
        while (next_line(peer, line) && line != ".") {
          data += line + "\n";
        }
        say(peer, data_answer_);
      } else if (verb == "QUIT") {
        say(peer, "221 bye");
        break;
      } else {
        say(peer, "250 ok");
      }
    }
    close(peer);
  }

  static void say(int peer, const std::string& text) {
    const std::string line = text + "\r\n";
    (void)!send(peer, line.data(), line.size(), MSG_NOSIGNAL);
  }

  static bool next_line(int peer, std::string& line) {
    line.clear();
    char c = 0;
    while (recv(peer, &c, 1, 0) == 1) {
      if (c == '\n') {
        return true;
      }
      if (c != '\r') {
        line += c;
      }
    }
    return false;
  }

  std::string rcpt_answer_;
  std::string data_answer_;
  int listener_ = -1;
  std::string port_;
  std::thread thread_;
};

}  // namespace tocsin::testing
