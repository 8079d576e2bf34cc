// promql_server FILE [--listen 127.0.0.1:0] | FILE --push URL
// Serves the series of a file as tocsin's HTTP API, and says on standard output where; or writes
// them to a Prometheus remote write receiver. The form of the file: series_file.h.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "async/real_clock.h"
#include "async/real_timers.h"
#include "async/task_group.h"
#include "integration/promql_differential/remote_write.h"
#include "integration/promql_differential/series_server.h"
#include "net/http_client.h"
#include "net/url.h"
#include "support/conformance.h"

namespace {

using tocsin::async::Task;
using tocsin::base::Status;

struct Arguments {
  std::string file;
  std::string listen = "127.0.0.1:0";
  std::string push;
};

/// What both ways of running need: the loop and its clocks.
struct Machine {
  boost::asio::io_context loop;
  tocsin::async::RealClock clock;
  tocsin::async::RealTimers timers;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "promql_server: %s\n", what.c_str());
  return 1;
}

Task<> push_all(Machine& machine, std::string url,
                const std::vector<tocsin::differential::SeriesData>& series, Status& outcome) {
  tocsin::net::HttpClientImpl client(machine.loop.get_executor(), machine.clock, machine.timers);
  outcome = co_await tocsin::differential::send_series(client, machine.clock, url, series);
}

int push(const std::string& text, const std::string& url) {
  std::vector<tocsin::differential::SeriesData> series;
  const Status read = tocsin::differential::read_series(
      text, [&series](tocsin::differential::SeriesData one) { series.push_back(std::move(one)); });
  if (!read) {
    return fail(read.error().to_string());
  }
  Machine machine;
  Status outcome;
  tocsin::async::TaskGroup tasks(machine.loop.get_executor(),
                                 [](const std::string&, const std::string& what) { fail(what); });
  tasks.spawn("push", push_all(machine, url, series, outcome));
  machine.loop.run();
  return outcome ? 0 : fail(outcome.error().to_string());
}

int serve(const std::string& text, const std::string& address) {
  const auto parsed = tocsin::net::parse_host_port(address);
  if (!parsed) {
    return fail(parsed.error().to_string());
  }
  Machine machine;
  tocsin::differential::SeriesServer server(machine.loop.get_executor(), machine.clock,
                                            machine.timers);
  Status added;
  const Status read = tocsin::differential::read_series(
      text, [&server, &added](const tocsin::differential::SeriesData& one) {
        Status now = server.add(one);
        if (!now) {
          added = std::move(now);
        }
      });
  for (const Status& status : {read, added, server.listen(parsed->first, parsed->second)}) {
    if (!status) {
      return fail(status.error().to_string());
    }
  }
  tocsin::async::TaskGroup tasks(machine.loop.get_executor(),
                                 [](const std::string&, const std::string& what) { fail(what); });
  boost::asio::signal_set signals(machine.loop, SIGINT, SIGTERM);
  signals.async_wait([&tasks, &server](const boost::system::error_code&, int) {
    tasks.spawn("stop", server.stop());
  });
  std::printf("listening on %s:%u\n", parsed->first.c_str(), unsigned{server.port()});
  std::fflush(stdout);
  machine.loop.run();
  return 0;
}

int run(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--listen" && i + 1 < argc) {
      arguments.listen = argv[++i];
    } else if (argument == "--push" && i + 1 < argc) {
      arguments.push = argv[++i];
    } else if (arguments.file.empty() && !argument.starts_with("-")) {
      arguments.file = argument;
    } else {
      return fail("usage: promql_server FILE [--listen HOST:PORT] | FILE --push URL");
    }
  }
  const std::string text = tocsin::testing::read_file(arguments.file);
  if (text.empty()) {
    return fail("nothing in the file " + arguments.file);
  }
  return arguments.push.empty() ? serve(text, arguments.listen) : push(text, arguments.push);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
