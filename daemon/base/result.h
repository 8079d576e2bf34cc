#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::base {

/// What kind of failure an Error is. Whether a retry can help follows from the code alone.
enum class ErrorCode : std::uint8_t {
  kInvalidInput,   ///< The input breaks its own format; the same input fails again.
  kNotFound,       ///< The named thing does not exist.
  kAlreadyExists,  ///< The named thing exists and must not be replaced.
  kDenied,         ///< Credentials or rights are missing; a human has to act.
  kUnsupported,    ///< Known, valid, and not available in this version.
  kLimitExceeded,  ///< A configured limit on size, depth, time or memory was reached.
  kUnavailable,    ///< The peer, disk or database does not answer now; retrying can help.
  kTimeout,        ///< The deadline passed; retrying can help.
  kCancelled,      ///< Whoever asked has gone, or the daemon is stopping. Not a failure.
  kCorrupt,        ///< Stored or received data contradicts its own checksum or structure.
  kInternal,       ///< An effect failed in a way that this program did not foresee.
};

/// The code's name in log lines and metrics, such as "timeout".
std::string_view to_string(ErrorCode code);

/// Whether repeating the same call later may succeed.
bool is_retryable(ErrorCode code);

/// A place in a text that a human wrote. Lines and columns count from 1; 0 means unknown.
/// Columns count characters (code points), as editors do.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  /// "file:line:column", without the parts that are unknown.
  std::string to_string() const;
  friend bool operator==(const Position&, const Position&) = default;
};

/// A failure that somebody will read: code, message and, for texts, the place.
/// Immutable but for context(), which each layer adds once.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::optional<Position>& position() const { return position_; }

  /// Puts "what: " before the message, as in `scrape api:9090: connect: refused`.
  Error context(std::string_view what) &&;
  /// Says where in a text the fault lies.
  Error at(Position position) &&;

  /// "file:line:column: message", or the message alone.
  std::string to_string() const;

 private:
  ErrorCode code_;
  std::string message_;
  std::optional<Position> position_;
};

/// A value or the reason why there is none. Unlike bare std::expected it may not be dropped
/// unseen, and an Error converts to it.
template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
  Result(Error error) : std::expected<T, Error>(std::unexpect, std::move(error)) {}  // NOLINT
};

/// Success, or the reason for the failure.
using Status = Result<void>;

}  // namespace tocsin::base
