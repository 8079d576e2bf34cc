#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/eventually.h"
#include "support/network.h"
#include "support/process.h"
#include "support/temporary_folder.h"

namespace tocsin::testing {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

/// Where the program under test is.
std::string tocsin_binary();
/// `tocsin ARGUMENTS…` to its end.
Finished tocsin(std::vector<std::string> arguments);

/// The value that a JSON pointer such as /data/result/0/value/1 leads to; null when none.
const boost::json::value& at(const boost::json::value& value, std::string_view pointer);
std::string text_at(const boost::json::value& value, std::string_view pointer);
std::size_t count_at(const boost::json::value& value, std::string_view pointer);

/// A file system of its own, of this many bytes, on the folder `small` of a test's folder: only
/// programs that are started through enter() see it. Its end takes the files along.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, std::size_t bytes);

  /// False where this machine lets nobody mount; then nothing else may be called.
  bool mounted() const { return mounted_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> enter(std::vector<std::string> argv) const;
  /// Takes all the space that is left; free() gives it back.
  void fill() const;
  void free() const;

 private:
  std::string folder_;
  std::unique_ptr<Process> holder_;
  bool mounted_ = false;
};

/// One tocsin with a folder of its own: configuration, rules and database. Started and killed as
/// often as the test wants, on one port.
class Rig {
 public:
  Rig();

  const std::string& folder() const { return folder_.path(); }
  std::string path(const std::string& name) const { return folder() + "/" + name; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  /// The database is kept on this disk, and tocsin runs where it is seen.
  void store_on(const SmallDisk& disk) { disk_ = &disk; }

  /// Starts `tocsin run` on tocsin.yml.
  void start(std::vector<std::string> more = {},
             std::map<std::string, std::string> environment = {});
  /// start(), and waits until /-/ready says yes; fails the test when it does not.
  void start_ready(std::vector<std::string> more = {},
                   std::map<std::string, std::string> environment = {});
  /// SIGTERM; the exit code, nothing when it takes longer than `limit`.
  std::optional<int> stop(std::chrono::milliseconds limit = 5s);
  Process& process() { return *process_; }
  std::string log() const { return process_ ? process_->output() : ""; }

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  HttpMessage get(const std::string& target, std::map<std::string, std::string> headers = {}) const;
  HttpMessage post(const std::string& target) const;
  boost::json::value json(const std::string& target) const;

  /// The value of the first series that the expression yields.
  std::optional<double> query(const std::string& expression) const;
  /// Whether the expression yields anything.
  bool holds(const std::string& expression) const { return query(expression).has_value(); }
  /// State of the one alert of that name: "", "pending", "firing".
  std::string alert_state(const std::string& alertname) const;
  /// Of /api/v1/targets: the target whose URL has this part; null when none.
  boost::json::value target(const std::string& part) const;
  boost::json::array incidents() const;
  /// A sample of its own /metrics; `series` with labels as printed.
  std::optional<double> metric(const std::string& series) const;
  /// Rows of a copy of the database, each an object of columns.
  boost::json::array sql(const std::string& statement) const;

 private:
  std::string database() const;

  TemporaryFolder folder_;
  const SmallDisk* disk_ = nullptr;
  std::uint16_t port_ = free_port();
  std::unique_ptr<Process> process_;
};

/// A webhook's requests, once each: one per idempotency key, in order of first arrival.
struct Heard {
  std::string key;
  std::string status;
  std::vector<std::string> firing;    ///< names of its alerts
  std::vector<std::string> resolved;  ///< likewise
  std::size_t times = 1;
};
std::vector<Heard> heard(const std::vector<HttpMessage>& requests);
std::vector<Heard> heard(const HttpSink& sink);
/// Whether a notice with this status names the alert.
bool was_told(const HttpSink& sink, const std::string& status, const std::string& alertname);

/// A route to one webhook that tells at once.
std::string webhook_route(const std::string& url, const std::string& more = {},
                          const std::string& group_by = "alertname, service");
/// A scrape job at short intervals.
std::string scrape_job(const std::string& name, const std::string& address,
                       const std::string& more = {});

}  // namespace tocsin::testing
