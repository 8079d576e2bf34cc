#include "net/response_reader.h"

#include <boost/beast/http/parser.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/answer_head.h"
#include "net/gzip.h"
#include "net/message.h"

namespace tocsin::net {
namespace {

namespace http = boost::beast::http;
using base::Error;
using base::ErrorCode;

constexpr std::uint32_t kMaxHeaderBytes = 64 * 1024;
/// What may wait for the rest of a header or of a chunk's size line.
constexpr std::size_t kMaxPendingBytes = 2 * kMaxHeaderBytes + 64 * 1024;

Error too_large(std::size_t limit) {
  return {ErrorCode::kLimitExceeded, "the body is larger than " + std::to_string(limit) + " bytes"};
}

Error not_http(const boost::beast::error_code& error) {
  return {ErrorCode::kCorrupt, "not a valid HTTP answer: " + error.message()};
}

}  // namespace

struct ResponseReader::State {
  State(bool is_head, std::size_t limit) : head(is_head), max_body(limit) { restart(); }

  void restart() {
    parser.emplace();
    // The header on its own first, so that what it says holds for all of the body.
    parser->eager(false);
    parser->header_limit(2 * kMaxHeaderBytes);
    parser->body_limit(boost::none);
    parser->skip(head);
    inflater.reset();
    answer_head = AnswerHead(kMaxHeaderBytes);
    header_seen = false;
  }

  /// Makes `bytes` pending: a header as the parser wants it, a body as it is.
  base::Status take_in(std::string_view bytes) {
    const base::Result<std::size_t> used = answer_head.feed(bytes, pending);
    if (!used) {
      return used.error();
    }
    pending.append(bytes.substr(*used));
    return {};
  }

  void see_header() {
    header_seen = true;
    parser->eager(true);
    const auto& message = parser->get();
    const std::string encoding = base::to_lower(message[http::field::content_encoding]);
    if (!head && (encoding == "gzip" || encoding == "x-gzip" || encoding == "deflate")) {
      inflater.emplace();
    }
    parser->get().body().limit = inflater ? 0 : max_body;
  }

  /// Moves on what the parser has collected.
  base::Status take_piece() {
    if (inflater) {
      std::string& piece = parser->get().body().text;
      const base::Status fed = inflater->feed(piece, body, max_body);
      piece.clear();
      return fed;
    }
    return {};
  }

  base::Status check_end() const {
    if (inflater && !inflater->finished()) {
      return Error(ErrorCode::kCorrupt, "the compressed body is cut off");
    }
    return {};
  }

  bool head;
  std::size_t max_body;
  std::optional<http::response_parser<CollectedBody>> parser;
  std::optional<Inflater> inflater;
  std::string body;  ///< decompressed; the parser holds it when there is nothing to decompress
  AnswerHead answer_head{kMaxHeaderBytes};
  std::string pending;
  bool header_seen = false;
  bool started = false;
};

ResponseReader::ResponseReader(bool head, std::size_t max_body_bytes)
    : state_(std::make_unique<State>(head, max_body_bytes)) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;

base::Result<bool> ResponseReader::feed(std::string_view bytes) {
  State& state = *state_;
  state.started = state.started || !bytes.empty();
  base::Status taken = state.take_in(bytes);
  if (!taken) {
    return taken.error();
  }
  while (!state.pending.empty()) {
    boost::beast::error_code error;
    const std::size_t used = state.parser->put(boost::asio::buffer(state.pending), error);
    state.pending.erase(0, used);
    if (error == http::error::body_limit) {
      return too_large(state.max_body);
    }
    if (error && error != http::error::need_more) {
      return not_http(error);
    }
    if (state.parser->is_header_done() && !state.header_seen) {
      state.see_header();
    }
    taken = state.take_piece();
    if (!taken) {
      return taken.error();
    }
    if (state.parser->is_done()) {
      const unsigned status = state.parser->get().result_int();
      if (status >= 100 && status < 200 && status != 101) {
        state.restart();
        const std::string rest = std::exchange(state.pending, {});
        taken = state.take_in(rest);
        if (!taken) {
          return taken.error();
        }
        continue;
      }
      const base::Status whole = state.check_end();
      return whole ? base::Result<bool>(true) : base::Result<bool>(whole.error());
    }
    if (state.pending.size() > kMaxPendingBytes) {
      return Error(ErrorCode::kCorrupt, "not a valid HTTP answer: a line without end");
    }
    if (used == 0) {
      break;
    }
  }
  return false;
}

base::Status ResponseReader::end_of_stream() {
  State& state = *state_;
  if (!state.started) {
    return Error(ErrorCode::kUnavailable, "the peer closed the connection without an answer");
  }
  if (!state.parser->is_header_done()) {
    return Error(ErrorCode::kCorrupt, "the answer is cut off within its header");
  }
  boost::beast::error_code error;
  state.parser->put_eof(error);
  if (error || !state.parser->is_done()) {
    return Error(ErrorCode::kCorrupt, "the answer's body is cut off");
  }
  return state.check_end();
}

bool ResponseReader::started() const { return state_->started; }

bool ResponseReader::reusable() const {
  return state_->parser->is_done() && state_->parser->keep_alive() && state_->pending.empty() &&
         state_->parser->get().result_int() != 101;
}

HttpResponse ResponseReader::take() {
  State& state = *state_;
  auto& message = state.parser->get();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    // The body is given decompressed, so what described it as it was would mislead.
    const bool stale = state.inflater && (field.name() == http::field::content_encoding ||
                                          field.name() == http::field::content_length);
    if (!stale) {
      response.headers.add(field.name_string(), field.value());
    }
  }
  response.body = state.inflater ? std::move(state.body) : std::move(message.body().text);
  return response;
}

}  // namespace tocsin::net
