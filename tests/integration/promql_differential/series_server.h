#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "async/timers.h"
#include "base/clock.h"
#include "base/result.h"
#include "integration/promql_differential/series_file.h"

namespace tocsin::differential {

/// Serves tocsin's HTTP API over series that never change: for tests and benchmarks only.
class SeriesServer {
 public:
  SeriesServer(boost::asio::any_io_executor executor, const base::Clock& clock,
               async::Timers& timers);
  ~SeriesServer();
  SeriesServer(const SeriesServer&) = delete;
  SeriesServer& operator=(const SeriesServer&) = delete;

  base::Status add(const SeriesData& series);
  /// Port 0: a free one.
  base::Status listen(const std::string& host, std::uint16_t port);
  std::uint16_t port() const;
  async::Task<> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::differential
