#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "net/tls.h"

namespace tocsin::net {

/// An address that a stream can connect to: an IP literal with port, or a Unix socket's path.
struct Address {
  std::string ip;
  std::uint16_t port = 0;
  std::string unix_path;

  std::string to_string() const;
};

/// A connected byte stream, TCP or Unix, plain or TLS. Errors: kUnavailable (refused, reset),
/// kDenied (TLS), kCancelled. Main loop only; destruction closes it.
class Stream {
 public:
  struct Native;

  explicit Stream(boost::asio::any_io_executor executor);
  explicit Stream(std::unique_ptr<Native> native);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  async::Task<base::Status> connect(Address address);
  /// Speaks TLS from now on. `server_name` is sent (unless an address) and, when `verify`, checked.
  async::Task<base::Status> start_client_tls(std::shared_ptr<TlsContext> context,
                                             std::string server_name, bool verify);
  async::Task<base::Status> start_server_tls(std::shared_ptr<TlsContext> context);

  /// Reads what there is into `into`, at most `size` bytes; 0 at the end of the stream.
  async::Task<base::Result<std::size_t>> read_some(char* into, std::size_t size);
  /// Writes everything. `bytes` must stay valid until then.
  async::Task<base::Status> write(std::string_view bytes);

  /// Whether nothing has come in, not even the end, since the last read: fit for reuse.
  bool quiet() const;
  /// Whether the peer has reset the connection: it is closed on both sides then.
  bool broken() const;
  bool encrypted() const;
  /// Says goodbye to the peer (no waiting) and closes. Pending reads and writes end.
  void close();
  /// Wakes whoever reads or writes with kCancelled, without closing.
  void interrupt();
  std::string remote_ip() const;

 private:
  std::unique_ptr<Native> native_;
};

}  // namespace tocsin::net
