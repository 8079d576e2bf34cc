// Serves many large metric pages cheaply, so that what is measured is who reads them.
//
//     target_server PORT TARGETS SERIES [RULE_SERIES]
//
// GET /target/N answers a page of SERIES request counters in the text format. Every counter moves
// on with every page. A service and shard have RULE_SERIES of them (200): 10 routes, the rest of
// the product over methods and codes. Compressed when the client asks for it and the target's path
// ends with "/gzip", as most exporters do; otherwise as it is. PORT 0 takes a free one; the port
// stands on the first line of the output.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

/// One target's counters, and their names as they stand on the page.
class Target {
 public:
  Target(int number, int series, int rule_series) {
    values_.resize(static_cast<std::size_t>(series));
    for (int i = 0; i < series; ++i) {
      const int place = i % rule_series;
      names_ += "http_requests_total{service=\"service-" + std::to_string(number) +
                "\",shard=\"shard-" + std::to_string(i / rule_series) + "\",route=\"/api/v1/route" +
                std::to_string(place % 10) + "\",method=\"" + kMethods[place / 10 % 4] +
                "\",code=\"" + std::to_string(200 + place / 40) + "\"} ";
      ends_.push_back(names_.size());
      values_[static_cast<std::size_t>(i)] = 1'000 + static_cast<unsigned long>(i) * 37;
    }
  }

  /// The next page: every counter has moved on, each at its own pace.
  std::string page() {
    const std::lock_guard lock(mutex_);
    std::string text =
        "# HELP http_requests_total Requests that were answered.\n"
        "# TYPE http_requests_total counter\n";
    text.reserve(names_.size() + values_.size() * 12);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] += 1 + (i * 7 + pages_) % 23;
      text.append(names_, begin, ends_[i] - begin);
      begin = ends_[i];
      char digits[24];
      const auto end = std::to_chars(digits, digits + sizeof(digits), values_[i]).ptr;
      text.append(digits, end);
      text += '\n';
    }
    ++pages_;
    return text;
  }

 private:
  static constexpr const char* kMethods[] = {"GET", "POST", "PUT", "DELETE"};
  std::mutex mutex_;
  std::string names_;
  std::vector<std::size_t> ends_;
  std::vector<unsigned long> values_;
  std::size_t pages_ = 0;
};

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string answer(std::string_view head, std::deque<Target>& targets) {
  constexpr std::string_view kPath = "GET /target/";
  std::size_t number = targets.size();
  std::string_view rest;
  if (head.starts_with(kPath)) {
    const char* end = head.data() + head.size();
    const auto parsed = std::from_chars(head.data() + kPath.size(), end, number);
    rest = std::string_view(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  }
  if (number >= targets.size()) {
    return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  }
  std::string body = targets[number].page();
  std::string out = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n";
  if (rest.starts_with("/gzip") && head.find("gzip", 32) != std::string_view::npos) {
    body = gzip(body);
    out += "Content-Encoding: gzip\r\n";
  }
  return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void serve(int socket, std::deque<Target>& targets) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  std::string pending;
  char piece[4096];
  while (true) {
    const ssize_t got = ::recv(socket, piece, sizeof(piece), 0);
    if (got <= 0) {
      break;
    }
    pending.append(piece, static_cast<std::size_t>(got));
    const std::size_t end = pending.find("\r\n\r\n");
    if (end == std::string::npos) {
      continue;
    }
    const std::string head = pending.substr(0, end);
    pending.erase(0, end + 4);
    if (!send_all(socket, answer(head, targets))) {
      break;
    }
  }
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: target_server PORT TARGETS SERIES [RULE_SERIES]\n");
    return 2;
  }
  const int rule_series = argc > 4 ? std::atoi(argv[4]) : 200;
  // Connections are served by threads that nobody joins, so what they use is never destroyed.
  auto& targets = *new std::deque<Target>;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    targets.emplace_back(i, std::atoi(argv[3]), rule_series);
  }
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 128) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("target_server");
    return 1;
  }
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket >= 0) {
      std::thread(serve, socket, std::ref(targets)).detach();
    }
  }
}
