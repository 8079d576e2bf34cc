#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/server.h"
#include "app/backends.h"
#include "app/config.h"
#include "app/feed.h"
#include "app/metrics.h"
#include "app/pipeline.h"
#include "app/process_metrics.h"
#include "app/receiver.h"
#include "app/storage.h"
#include "app/systemd.h"
#include "app/text_rendering.h"
#include "app/views.h"
#include "async/blocking_thread.h"
#include "async/event.h"
#include "async/task_group.h"
#include "async/worker_pool.h"
#include "base/file_system.h"
#include "blocks/keeper.h"
#include "journal/journal.h"
#include "net/http_client.h"
#include "notifiers/forward/forwarder.h"
#include "series/store.h"
#include "sources/manager.h"

namespace tocsin::app {

/// The outside world of the daemon; everything outlives it.
struct DaemonParts {
  boost::asio::any_io_executor executor;
  const base::Clock& clock;
  async::Timers& timers;
  base::Random& random;
  const base::FileSystem& files;
  const base::Environment& environment;
  ServiceManager& service;
};

struct DaemonOptions {
  std::string config_file;
  std::string listen;   ///< overrides web.listen
  std::string storage;  ///< overrides storage.url
  bool shadow = false;
  bool remote_write_receiver = false;  ///< on, whatever web.remote_write_receiver says
  promql::Features features;
};

/// Sources, pipeline, notifiers and API of one configuration. Main loop only. load(), start(), then
/// stop() before destruction.
class Daemon final : public api::Commands {
 public:
  Daemon(DaemonParts parts, DaemonOptions options);
  ~Daemon() override;

  /// Reads the configuration; what is wrong with it is in `problems`.
  void load(yaml::Problems& problems);
  /// Opens the journal, restores, listens, and begins to poll.
  async::Task<base::Status> start();
  /// Reads the configuration again, while detection goes on. The error says why the running one
  /// stays, or which of the new rule groups are quarantined while the rest runs. Those who ask
  /// while files are being read get the outcome of the next reading, which begins after they asked.
  async::Task<base::Status> reload() override;
  /// Ends everything within about 4 s.
  async::Task<> stop();

  std::string url() const;

 private:
  /// What one configuration has made; kept alive by the notifiers and sources that refer to it.
  struct Generation {
    Config config;
    std::unique_ptr<TextRendering> renderer;
    std::map<std::string, std::vector<notifiers::BuiltIntegration>> integrations;
  };

  /// Of threads that give way to detection when the processors are busy.
  static constexpr int kYieldingNiceness = 5;

  struct Reading {
    Config config;
    yaml::Problems problems;
  };
  /// For a reload, on a thread of its own: a large configuration holds up no poll and no rule.
  async::Task<Reading> read_config();
  base::Result<std::shared_ptr<Generation>> make_generation(Config config);
  CoreOptions core_options() const;
  notifiers::Parts notifier_parts(const notifiers::TextRenderer& renderer,
                                  const Config& config) const;
  void install_notifiers();
  void install_receiver();
  void configure_receiver();
  void install_targets();
  async::Task<> open_samples();
  std::string storage_url() const;
  void install_retention();
  void install_forwarder();
  api::QueryOptions query_options() const;
  base::Result<api::ServerOptions> server_options() const;
  base::Result<std::vector<api::Credential>> read_credentials(
      const std::vector<Credential>& credentials) const;
  base::Result<api::AuthOptions> read_auth(const WebConfig& web) const;
  static api::Cors cors_of(const WebConfig& web, const api::AuthOptions& auth);
  /// Keeps the listener as it was started; a change of it is told.
  void keep_listener(WebConfig& next) const;
  async::Task<base::Status> start_server();
  /// Runs until nobody waits for a reload that has not begun.
  async::Task<> serve_reloads();
  async::Task<base::Status> reload_once();
  base::Error refuse_reload(const yaml::Problems& problems);
  base::Status finish_reload();
  /// Which groups of the running configuration are quarantined, and why; empty when none are.
  std::string quarantine_text() const;
  /// kCancelled, and the forwarder is left to stop(), when tocsin ends meanwhile.
  async::Task<base::Status> swap_forwarder();
  /// A forwarder that is new learns of the alerts that were there before it.
  void forward_active_alerts();
  async::Task<> watch();
  void refresh_metrics();
  api::Readiness readiness() const;
  api::RuntimeView runtime();
  /// Returns to the system what a large query has left in the allocator.
  async::Task<> give_memory_back();
  void announce() const;

  DaemonParts parts_;
  DaemonOptions options_;
  Metrics metrics_;
  ProcessMetrics process_metrics_;
  std::uint64_t stand_ins_seen_ = 0;
  std::uint64_t late_seen_ = 0;
  std::uint64_t missed_seen_ = 0;
  std::shared_ptr<const Backends> backends_;
  std::shared_ptr<Generation> generation_;
  net::HttpClientImpl http_;
  async::WorkerPool pool_;
  std::unique_ptr<async::BlockingThread> config_thread_;  ///< only while it reads
  /// Apart from the other one, so that no query holds up the reading of a page.
  std::unique_ptr<async::WorkerPool> query_pool_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<series::Store> store_;
  std::unique_ptr<blocks::Keeper> keeper_;
  StorageMetrics storage_metrics_{metrics_};
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<Receiver> receiver_;
  std::unique_ptr<sources::Manager> manager_;
  std::unique_ptr<notifiers::forward::Forwarder> forwarder_;
  std::unique_ptr<DaemonViews> views_;
  std::unique_ptr<api::Server> server_;
  base::WallTime launched_;
  base::WallTime configured_;  ///< when the running configuration was taken
  std::string last_reload_error_;
  bool started_ = false;
  bool reloading_ = false;
  std::uint64_t reloads_asked_ = 0;
  std::uint64_t reloads_served_ = 0;  ///< of those who asked, in their order
  base::Status reloaded_;             ///< what became of the last one
  async::Event reload_ended_;
  bool giving_memory_back_ = false;
  async::TaskGroup tasks_;
};

}  // namespace tocsin::app
