#include "net/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;

/// Lookups that hang must not hold up the others; four hanging names at once are rare.
constexpr std::size_t kThreads = 4;

bool is_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  const std::string plain = host.substr(0, host.find('%'));
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, plain.c_str(), bytes.data()) == 1;
}

}  // namespace

base::Result<std::vector<Address>> resolve_blocking(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int outcome = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (outcome == EAI_NONAME || outcome == EAI_ADDRFAMILY) {
    // AI_ADDRCONFIG leaves out "localhost" on a machine that has nothing but a loopback.
    hints.ai_flags = 0;
    outcome = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  if (outcome != 0) {
    const ErrorCode code = outcome == EAI_NONAME ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
    return Error(code, "resolve " + host + ": " + ::gai_strerror(outcome));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text;
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.push_back({.ip = text.data(), .port = port, .unix_path = ""});
    }
  }
  if (addresses.empty()) {
    return Error(ErrorCode::kUnavailable, "resolve " + host + ": no address");
  }
  return addresses;
}

Resolver::Resolver(boost::asio::any_io_executor executor)
    : threads_(
          std::move(executor),
          {.name = "resolver", .threads = kThreads, .join_limit = std::chrono::milliseconds(200)}) {
}

async::Task<base::Result<std::vector<Address>>> Resolver::resolve(std::string host,
                                                                  std::uint16_t port) {
  if (host.starts_with("unix:")) {
    Address address;
    address.unix_path = host.substr(5);
    co_return std::vector<Address>(1, address);
  }
  if (is_literal(host)) {
    Address address;
    address.ip = host;
    address.port = port;
    co_return std::vector<Address>(1, address);
  }
  auto lookup = [host, port] { return resolve_blocking(host, port); };
  co_return co_await threads_.run(std::move(lookup));
}

}  // namespace tocsin::net
