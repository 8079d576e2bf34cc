#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/real_clock.h"
#include "async/real_timers.h"
#include "async/task_group.h"
#include "base/result.h"
#include "integration/promql_differential/answer.h"
#include "integration/promql_differential/series_file.h"
#include "net/http_client.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace tocsin::differential {

/// A Prometheus and a promql_server on the loopback that hold the same series; both end with the
/// object.
class Peers {
 public:
  /// Whether there is a Prometheus on this machine.
  static bool available();

  /// Starts both and fills them.
  static base::Result<std::unique_ptr<Peers>> start(const std::vector<SeriesData>& series);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  /// Asks both at the same time. An error when one of them does not answer at all.
  base::Result<Answers> ask(const Question& question);
  /// Ours alone, and theirs alone, for people: the addresses.
  std::string their_url() const { return their_url_; }
  std::string our_url() const { return our_url_; }

 private:
  Peers();
  base::Status fill(const std::vector<SeriesData>& series);
  base::Status wait_for_prometheus();
  async::Task<> fetch(std::string url, std::string form, std::optional<base::Result<Answer>>& out);
  async::Task<> push(const std::vector<SeriesData>& series, base::Status& out);
  void run();

  testing::TemporaryFolder folder_;
  std::unique_ptr<testing::Process> prometheus_;
  std::unique_ptr<testing::Process> tocsin_;
  std::string their_url_;
  std::string our_url_;
  boost::asio::io_context loop_;
  async::RealClock clock_;
  async::RealTimers timers_;
  std::string failure_;  ///< an exception that left a task
  net::HttpClientImpl client_;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::differential
