#include "net/http_server.h"

#include <array>
#include <exception>
#include <optional>
#include <set>

#include "async/deadline.h"
#include "async/event.h"
#include "async/task_group.h"
#include "net/client_watch.h"
#include "net/listener.h"
#include "net/request_reader.h"
#include "net/response_writer.h"
#include "net/stream.h"
#include "net/tls.h"

namespace tocsin::net {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kReadPiece = 16 * 1024;
/// How long to wait for descriptors to become free.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr auto kTlsFilesAge = std::chrono::minutes(5);
constexpr auto kHandshakeLimit = std::chrono::seconds(10);

/// One connection's state; the server looks into it to tell the idle from the busy.
struct Session {
  Session(Stream connected, RequestReader::Limits limits)
      : stream(std::move(connected)), reader(limits) {}
  Stream stream;
  RequestReader reader;
  std::array<char, kReadPiece> piece;
  std::string remote;
  bool busy = false;
};

async::Task<base::Result<bool>> as_result(async::Task<base::Status> work) {
  const base::Status status = co_await std::move(work);
  if (!status) {
    co_return status.error();
  }
  co_return base::Result<bool>(true);
}

}  // namespace

struct HttpServer::State {
  State(const boost::asio::any_io_executor& loop, const base::Clock& the_clock,
        async::Timers& the_timers, HttpServerOptions given, Handler handle)
      : executor(loop),
        clock(the_clock),
        timers(the_timers),
        options(std::move(given)),
        handler(std::move(handle)),
        session_ended(loop),
        tasks(loop, [this](const std::string&, const std::string&) { ++stats.handler_errors; }) {}

  async::Task<> accept_loop();
  async::Task<> refuse(std::shared_ptr<Session> session);
  async::Task<> say(std::shared_ptr<Session> session, ServerResponse response);
  async::Task<> serve(std::shared_ptr<Session> session);
  async::Task<> serve_requests(std::shared_ptr<Session> session);
  async::Task<bool> read_request(std::shared_ptr<Session> session);
  async::Task<base::Result<bool>> read_first(std::shared_ptr<Session> session);
  async::Task<base::Result<bool>> read_rest(std::shared_ptr<Session> session);
  async::Task<bool> answer(std::shared_ptr<Session> session);
  async::Task<> handle(ServerRequest request, std::optional<ServerResponse>& response);
  async::Task<bool> write(std::shared_ptr<Session> session, std::string bytes);
  async::Task<bool> secure(std::shared_ptr<Session> session);
  base::Status load_tls();
  async::Task<> wait_for_sessions();

  boost::asio::any_io_executor executor;
  const base::Clock& clock;
  async::Timers& timers;
  HttpServerOptions options;
  Handler handler;
  HttpServerStats stats;
  std::optional<Listener> listener;
  std::shared_ptr<TlsContext> tls;
  base::MonotonicTime tls_loaded{};
  std::set<std::shared_ptr<Session>> sessions;
  bool stopping = false;
  async::Event session_ended;
  async::TaskGroup tasks;
};

base::Status HttpServer::State::load_tls() {
  base::Result<std::shared_ptr<TlsContext>> made =
      TlsContext::server(options.cert_file, options.key_file);
  tls_loaded = clock.monotonic_now();
  if (!made) {
    return made.error();
  }
  tls = std::move(*made);
  return {};
}

async::Task<> HttpServer::State::accept_loop() {
  while (!stopping) {
    base::Result<Stream> accepted = co_await listener->accept();
    if (!accepted) {
      if (accepted.error().code() == ErrorCode::kCancelled) {
        co_return;
      }
      ++stats.accept_errors;
      if (accepted.error().code() == ErrorCode::kLimitExceeded) {
        const base::Status slept =
            co_await timers.sleep_until(clock.monotonic_now() + kAcceptPause);
        if (!slept) {
          co_return;
        }
      }
      continue;
    }
    RequestReader::Limits limits;
    limits.max_header_bytes = options.max_header_bytes;
    limits.max_body_bytes = options.max_body_bytes;
    auto session = std::make_shared<Session>(std::move(*accepted), limits);
    session->remote = session->stream.remote_ip();
    if (sessions.size() >= options.max_connections) {
      ++stats.refused;
      // Over TLS a word of refusal would cost a handshake.
      if (!tls) {
        tasks.spawn("refuse " + session->remote, refuse(session));
      }
      continue;
    }
    ++stats.accepted;
    sessions.insert(session);
    tasks.spawn("connection from " + session->remote, serve(session));
  }
}

async::Task<> HttpServer::State::refuse(std::shared_ptr<Session> session) {
  ServerResponse response = plain_response(503, "too many connections");
  co_await say(session, std::move(response));
  session->stream.close();
}

/// The last answer on a connection.
async::Task<> HttpServer::State::say(std::shared_ptr<Session> session, ServerResponse response) {
  const ResponseFormat last;
  std::string bytes = format_response(response, clock.wall_now(), last);
  co_await write(session, std::move(bytes));
}

async::Task<> HttpServer::State::serve(std::shared_ptr<Session> session) {
  try {
    bool secured = true;
    if (tls) {
      secured = co_await secure(session);
    }
    if (secured) {
      co_await serve_requests(session);
    }
  } catch (const std::exception&) {
    ++stats.handler_errors;
  }
  session->stream.close();
  sessions.erase(session);
  session_ended.notify();
}

async::Task<bool> HttpServer::State::secure(std::shared_ptr<Session> session) {
  if (clock.monotonic_now() - tls_loaded > kTlsFilesAge) {
    const base::Status loaded = load_tls();
    stats.accept_errors += loaded ? 0 : 1;  // the old certificate stays in use
  }
  auto work = as_result(session->stream.start_server_tls(tls));
  const base::MonotonicTime limit = clock.monotonic_now() + kHandshakeLimit;
  const base::Result<bool> shaken = co_await async::with_deadline(timers, limit, std::move(work));
  stats.bad_requests += shaken ? 0 : 1;
  co_return shaken.has_value();
}

async::Task<> HttpServer::State::serve_requests(std::shared_ptr<Session> session) {
  bool open = true;
  while (open && !stopping) {
    session->busy = false;
    const bool complete = co_await read_request(session);
    if (!complete) {
      co_return;
    }
    session->busy = true;
    open = co_await answer(session);
  }
}

/// False when there is nothing more to serve; the reason has been answered then.
async::Task<bool> HttpServer::State::read_request(std::shared_ptr<Session> session) {
  base::Result<bool> complete = session->reader.feed("");
  if (complete && !*complete && !session->reader.started()) {
    auto first = read_first(session);
    const base::MonotonicTime idle_limit = clock.monotonic_now() + options.idle_timeout;
    complete = co_await async::with_deadline(timers, idle_limit, std::move(first));
    if (!complete && !session->reader.started()) {
      co_return false;
    }
  }
  session->busy = true;
  if (complete && !*complete) {
    auto rest = read_rest(session);
    const base::MonotonicTime limit = clock.monotonic_now() + options.request_timeout;
    complete = co_await async::with_deadline(timers, limit, std::move(rest));
  }
  if (complete) {
    co_return true;
  }
  const ErrorCode code = complete.error().code();
  const bool spoken = code == ErrorCode::kInvalidInput || code == ErrorCode::kLimitExceeded;
  if (spoken || code == ErrorCode::kTimeout) {
    ++stats.bad_requests;
    const int status = spoken ? session->reader.error_status() : 408;
    ServerResponse response = plain_response(status, complete.error().message());
    co_await say(session, std::move(response));
  }
  co_return false;
}

/// The first bytes of a request, however long they take. kUnavailable at the end of the stream.
async::Task<base::Result<bool>> HttpServer::State::read_first(std::shared_ptr<Session> session) {
  const base::Result<std::size_t> got =
      co_await session->stream.read_some(session->piece.data(), session->piece.size());
  if (!got) {
    co_return got.error();
  }
  if (*got == 0) {
    co_return Error(ErrorCode::kUnavailable, "the client has gone");
  }
  co_return session->reader.feed(std::string_view(session->piece.data(), *got));
}

async::Task<base::Result<bool>> HttpServer::State::read_rest(std::shared_ptr<Session> session) {
  base::Result<bool> complete = false;
  while (complete && !*complete) {
    if (session->reader.take_continue()) {
      const bool told = co_await write(session, "HTTP/1.1 100 Continue\r\n\r\n");
      if (!told) {
        co_return Error(ErrorCode::kUnavailable, "the client has gone");
      }
    }
    complete = co_await read_first(session);
  }
  co_return complete;
}

/// Whether the connection serves another request.
async::Task<bool> HttpServer::State::answer(std::shared_ptr<Session> session) {
  ++stats.requests;
  ResponseFormat format;
  format.keep_alive = session->reader.keep_alive();
  const bool gzip_wanted = session->reader.accepts_gzip();
  const WatchedClient client{.stream = session->stream,
                             .reader = session->reader,
                             .understands_interim = !session->reader.old_client()};
  ServerRequest request = session->reader.take();
  request.remote_address = session->remote;
  request.loopback = listener->loopback();
  format.head = request.method == "HEAD";
  std::optional<ServerResponse> response;
  async::Task<> work = handle(std::move(request), response);
  async::Task<> watch = until_client_gone(client, clock, timers);
  const bool finished = co_await async::race(std::move(work), std::move(watch));
  if (!finished || !response) {
    stats.clients_gone += finished ? 0 : 1;
    co_return false;
  }
  format.keep_alive = format.keep_alive && !stopping;
  if (gzip_wanted) {
    compress(*response, options.gzip_from_bytes);
  }
  std::string bytes = format_response(*response, clock.wall_now(), format);
  response.reset();
  const bool written = co_await write(session, std::move(bytes));
  co_return written&& format.keep_alive;
}

async::Task<> HttpServer::State::handle(ServerRequest request,
                                        std::optional<ServerResponse>& response) {
  try {
    response = co_await handler(std::move(request));
    co_return;
  } catch (const std::exception&) {
    ++stats.handler_errors;
  }
  response = plain_response(500, "internal error");
}

async::Task<bool> HttpServer::State::write(std::shared_ptr<Session> session, std::string bytes) {
  auto work = as_result(session->stream.write(bytes));
  const base::MonotonicTime limit = clock.monotonic_now() + options.write_timeout;
  const base::Result<bool> written = co_await async::with_deadline(timers, limit, std::move(work));
  co_return written.has_value();
}

async::Task<> HttpServer::State::wait_for_sessions() {
  while (!sessions.empty()) {
    const base::Status woken = co_await session_ended.wait();
    if (!woken) {
      co_return;
    }
  }
}

HttpServer::HttpServer(boost::asio::any_io_executor executor, const base::Clock& clock,
                       async::Timers& timers, HttpServerOptions options, Handler handler)
    : state_(std::make_unique<State>(std::move(executor), clock, timers, std::move(options),
                                     std::move(handler))) {}

HttpServer::~HttpServer() = default;

base::Status HttpServer::start() {
  State& state = *state_;
  if (!state.options.cert_file.empty()) {
    base::Status loaded = state.load_tls();
    if (!loaded) {
      return loaded;
    }
  }
  base::Result<Listener> opened =
      Listener::open(state.executor, state.options.host, state.options.port);
  if (!opened) {
    return opened.error();
  }
  state.listener.emplace(std::move(*opened));
  state.tasks.spawn("accept", state.accept_loop());
  return {};
}

async::Task<> HttpServer::stop(base::Duration limit) {
  State& state = *state_;
  state.stopping = true;
  if (state.listener) {
    state.listener->close();
  }
  for (const auto& session : state.sessions) {
    if (!session->busy) {
      session->stream.interrupt();
    }
  }
  const base::MonotonicTime end = state.clock.monotonic_now() + limit;
  co_await async::race_deadline(state.timers, end, state.wait_for_sessions());
  co_await state.tasks.stop(state.timers, state.clock, std::chrono::seconds(1));
}

std::uint16_t HttpServer::port() const { return state_->listener ? state_->listener->port() : 0; }

bool HttpServer::loopback() const { return state_->listener && state_->listener->loopback(); }

HttpServerStats HttpServer::stats() const {
  HttpServerStats stats = state_->stats;
  stats.connections = state_->sessions.size();
  return stats;
}

}  // namespace tocsin::net
