#pragma once

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "net/request_reader.h"
#include "net/stream.h"

namespace tocsin::net {

/// A connection whose request is being worked on.
struct WatchedClient {
  Stream& stream;
  RequestReader& reader;     ///< gets what the client sends meanwhile
  bool understands_interim;  ///< the request was HTTP/1.1: its client skips 1xx answers
};

/// Ends when the client has gone: to be raced against the work on its answer. It looks after a
/// short while only, so that quick answers cost nothing. A client that has merely closed its
/// sending side still waits for the answer: it is sent an interim one (102), which only a closed
/// socket answers with a reset. Pipelined requests are kept for later, up to a limit.
async::Task<> until_client_gone(WatchedClient client, const base::Clock& clock,
                                async::Timers& timers);

}  // namespace tocsin::net
