#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/remote.h"
#include "promql/features.h"

namespace tocsin::app {

struct RunOptions {
  std::string config;
  std::string listen;   ///< overrides web.listen
  std::string storage;  ///< overrides storage.url
  std::string log_level = "info";
  bool shadow = false;                 ///< do everything but send
  bool remote_write_receiver = false;  ///< /api/v1/write takes samples, whatever `web` says
  std::vector<std::string> features;   ///< --enable-feature
};

struct QueryOptions {
  Server server;
  std::string expression;
  std::string time;  ///< of an instant query; see parse_query_time(); empty: now
  bool wants_range = false;
  std::string range;  ///< see parse_query_span()
  std::string start;
  std::string end;
  std::string step;
  std::string timeout;
  std::size_t width = 0;  ///< of the chart; 0: the terminal's
  bool json = false;
  bool format = false;     ///< print the expression in canonical form, without a server
  bool functions = false;  ///< print what functions there are, without a server
  bool no_color = false;
  bool fail_empty = false;            ///< exit 1 when there is no result
  std::vector<std::string> features;  ///< --enable-feature, for `format` and `functions`
};

struct IncidentOptions {
  Server server;
  std::vector<std::string> states;  ///< for list; empty: all
  std::string id;                   ///< for show
  bool json = false;
};

struct ShopOptions {
  std::string listen = "127.0.0.1:0";
  int failures_per_second = 60;
  int healthy_seconds = 5;
  int failing_seconds = 40;
};

/// Each command returns the process's exit code: 0 success, 1 what was asked for is not so (a file
/// is refused, nothing was found), 2 wrong usage or no connection.
int run_daemon(const RunOptions& options);
int check_files(const std::vector<std::string>& files, const std::vector<std::string>& features,
                bool json);
/// `format` is auto, text or openmetrics; auto takes a page with a line `# EOF` as OpenMetrics.
int check_metrics(const std::string& file, const std::string& format);
int query_server(const QueryOptions& options);
int list_incidents(const IncidentOptions& options);
int show_incident(const IncidentOptions& options);
int list_plugins(const std::string& config);
int check_plugin(const std::string& file);
int run_demo_shop(const ShopOptions& options);

/// What --enable-feature says; unknown names get one warning each on standard error.
promql::Features enabled_features(const std::vector<std::string>& texts);

/// Parses the command line and runs the command.
int run_command_line(int argc, char** argv);

}  // namespace tocsin::app
