#include "net/request_reader.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <optional>

#include "base/text.h"
#include "net/message.h"
#include "net/url.h"

namespace tocsin::net {
namespace {

namespace http = boost::beast::http;
using base::Error;
using base::ErrorCode;

/// What may wait for the rest of a chunk's size line.
constexpr std::size_t kMaxChunkLine = 64 * 1024;

int status_of(const boost::beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return 431;
  }
  if (error == http::error::body_limit) {
    return 413;
  }
  return error == http::error::bad_version ? 505 : 400;
}

}  // namespace

struct RequestReader::State {
  explicit State(Limits given) : limits(given) { restart(); }

  void restart() {
    parser.emplace();
    parser->eager(true);
    parser->header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    parser->body_limit(limits.max_body_bytes);
    parser->get().body().limit = limits.max_body_bytes;
    continue_sent = false;
  }

  Limits limits;
  std::optional<http::request_parser<CollectedBody>> parser;
  std::string pending;
  int error_status = 400;
  bool continue_sent = false;
};

RequestReader::RequestReader(Limits limits) : state_(std::make_unique<State>(limits)) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

base::Result<bool> RequestReader::feed(std::string_view bytes) {
  State& state = *state_;
  state.pending.append(bytes);
  while (!state.pending.empty() && !state.parser->is_done()) {
    boost::beast::error_code error;
    const std::size_t used = state.parser->put(boost::asio::buffer(state.pending), error);
    state.pending.erase(0, used);
    if (error && error != http::error::need_more) {
      state.error_status = status_of(error);
      const bool limit = state.error_status != 400;
      return Error(limit ? ErrorCode::kLimitExceeded : ErrorCode::kInvalidInput, error.message());
    }
    if (state.pending.size() > state.limits.max_header_bytes + kMaxChunkLine) {
      return Error(ErrorCode::kInvalidInput, "a line without end");
    }
    if (used == 0) {
      break;
    }
  }
  return state.parser->is_done();
}

int RequestReader::error_status() const { return state_->error_status; }

bool RequestReader::started() const {
  return !state_->pending.empty() || state_->parser->got_some();
}

bool RequestReader::take_continue() {
  State& state = *state_;
  if (state.continue_sent || !state.parser->is_header_done() || state.parser->is_done()) {
    return false;
  }
  state.continue_sent = true;
  const std::string expected = base::to_lower(state.parser->get()[http::field::expect]);
  return expected == "100-continue";
}

bool RequestReader::old_client() const { return state_->parser->get().version() < 11; }

void RequestReader::stash(std::string_view bytes) { state_->pending.append(bytes); }

bool RequestReader::keep_alive() const { return state_->parser->keep_alive(); }

bool RequestReader::accepts_gzip() const {
  return lists_gzip(state_->parser->get()[http::field::accept_encoding]);
}

ServerRequest RequestReader::take() {
  State& state = *state_;
  auto& message = state.parser->get();
  ServerRequest request;
  request.method = std::string(message.method_string());
  const std::string_view target = message.target();
  const std::size_t question = std::min(target.find('?'), target.size());
  request.path = percent_decode(target.substr(0, question));
  for (const auto& field : message) {
    request.headers.add(field.name_string(), field.value());
  }
  request.body = std::move(message.body().text);
  const std::string type = base::to_lower(message[http::field::content_type]);
  if (type.starts_with("application/x-www-form-urlencoded")) {
    request.query = parse_query(request.body);
  }
  if (question < target.size()) {
    for (auto& parameter : parse_query(target.substr(question + 1))) {
      request.query.push_back(std::move(parameter));
    }
  }
  state.restart();
  return request;
}

}  // namespace tocsin::net
