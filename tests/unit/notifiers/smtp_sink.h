#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tocsin::testing {

struct SmtpAnswers {
  std::vector<std::string> rcpt = {"250 ok"};  ///< one after the other; the last one stays
  std::string data = "250 queued";             ///< to the end of DATA …
  std::shared_future<void> before_data = {};   ///< … when this is ready
  std::string auth = "235 welcome";
  int connections = 1;
};

/// A mail server on the loopback that takes one connection after the other and remembers what it
/// was told.
class SmtpSink {
 public:
  explicit SmtpSink(std::string rcpt_answer = "250 ok", std::string data_answer = "250 queued")
      : SmtpSink(SmtpAnswers{
            .rcpt = {std::move(rcpt_answer)}, .data = std::move(data_answer), .before_data = {}}) {}
  explicit SmtpSink(SmtpAnswers answers) : answers_(std::move(answers)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] {
      for (int i = 0; i < answers_.connections; ++i) {
        serve();
      }
    });
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
        say(peer, answers_.auth);
      } else if (verb == "RCPT") {
        say(peer, answers_.rcpt.front());
        if (answers_.rcpt.size() > 1) {
          answers_.rcpt.erase(answers_.rcpt.begin());
        }
      } else if (verb == "DATA") {
        say(peer, "354 go on");
        while (next_line(peer, line) && line != ".") {
          data += line + "\n";
        }
        if (answers_.before_data.valid()) {
          answers_.before_data.wait();
        }
        say(peer, answers_.data);
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

  SmtpAnswers answers_;
  int listener_ = -1;
  std::string port_;
  std::thread thread_;
};

}  // namespace tocsin::testing
