#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/cli.h"
#include "app/daemon.h"
#include "app/log.h"
#include "app/memory.h"
#include "async/real_clock.h"
#include "async/real_environment.h"
#include "async/real_file_system.h"
#include "async/real_random.h"
#include "async/real_timers.h"

namespace tocsin::app {
namespace {

// One run of the daemon on one loop: start, signals, stop.
class Run {
 public:
  explicit Run(const RunOptions& options)
      : signals_(loop_, SIGINT, SIGTERM, SIGHUP),
        daemon_({.executor = loop_.get_executor(),
                 .clock = clock_,
                 .timers = timers_,
                 .random = random_,
                 .files = files_,
                 .environment = environment_,
                 .service = service_},
                {.config_file = options.config,
                 .listen = options.listen,
                 .storage = options.storage,
                 .shadow = options.shadow,
                 .remote_write_receiver = options.remote_write_receiver,
                 .features = enabled_features(options.features)}) {}

  int run() {
    yaml::Problems problems;
    daemon_.load(problems);
    for (const base::Error& warning : problems.warnings()) {
      log_warning("configuration", {{"warning", warning.to_string()}});
    }
    for (const base::Error& error : problems.errors()) {
      std::fprintf(stderr, "%s\n", error.to_string().c_str());
    }
    if (!problems.ok()) {
      return 1;
    }
    wait_for_signal();
    spawn(live());
    loop_.run();
    return exit_code_;
  }

 private:
  void spawn(async::Task<> task) {
    boost::asio::co_spawn(loop_, std::move(task), [this](const std::exception_ptr& failure) {
      if (failure) {
        exit_code_ = 1;
        loop_.stop();
        std::rethrow_exception(failure);
      }
    });
  }

  async::Task<> live() {
    const base::Status started = co_await daemon_.start();
    if (!started) {
      std::fprintf(stderr, "tocsin: %s\n", started.error().to_string().c_str());
      exit_code_ = 1;
      co_await end();
      co_return;
    }
    running_ = true;
    if (stop_asked_) {
      co_await end();
    }
  }

  async::Task<> end() {
    if (ending_) {
      co_return;
    }
    ending_ = true;
    co_await daemon_.stop();
    signals_.cancel();
    log_info("tocsin has ended");
  }

  async::Task<> reload() {
    const base::Status reloaded = co_await daemon_.reload();
    static_cast<void>(reloaded);  // the daemon has said what there is to say
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& failed, int signal) {
      if (failed) {
        return;
      }
      on_signal(signal);
      wait_for_signal();
    });
  }

  void on_signal(int signal) {
    if (signal == SIGHUP) {
      if (running_ && !stop_asked_) {
        spawn(reload());
      }
      return;
    }
    if (stop_asked_) {
      log_warning("asked to end twice; leaving at once");
      std::_Exit(1);
    }
    stop_asked_ = true;
    log_info("ending", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    if (running_) {
      spawn(end());
    }
  }

  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_;
  async::RealClock clock_;
  async::RealTimers timers_;
  async::RealRandom random_;
  async::RealFileSystem files_;
  async::RealEnvironment environment_;
  Systemd service_;
  Daemon daemon_;
  int exit_code_ = 0;
  bool running_ = false;
  bool stop_asked_ = false;
  bool ending_ = false;
};

}  // namespace

int run_daemon(const RunOptions& options) {
  bound_idle_memory();
  start_log(options.log_level);
  std::signal(SIGPIPE, SIG_IGN);
  return std::make_unique<Run>(options)->run();
}

}  // namespace tocsin::app
