#include "app/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/version.h"

namespace tocsin::app {
namespace {

constexpr int kUsageError = 2;

void add_features(CLI::App& command, std::vector<std::string>& features) {
  command
      .add_option("--enable-feature", features,
                  "Comma-separated features, as Prometheus names them:\n" +
                      std::string(promql::describe_features()))
      ->allow_extra_args(false);
}

void add_run(CLI::App& app, RunOptions& options, int& exit_code) {
  CLI::App* run = app.add_subcommand("run", "Run the daemon in the foreground");
  run->add_option("--config", options.config, "Configuration file")->required();
  run->add_option("--listen", options.listen, "ADDRESS:PORT; overrides web.listen");
  run->add_option("--storage", options.storage,
                  "Journal, such as sqlite:/var/lib/tocsin/tocsin.db; overrides storage.url");
  run->add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  run->add_flag("--web.enable-remote-write-receiver", options.remote_write_receiver,
                "take samples at /api/v1/write; the same as web.remote_write_receiver");
  run->add_flag("--shadow", options.shadow,
                "Do everything but send: notices are journalled as withheld");
  add_features(*run, options.features);
  run->callback([&] { exit_code = run_daemon(options); });
}

struct CheckOptions {
  std::vector<std::string> files;
  std::string metrics_file;
  std::string metrics_format = "auto";
  bool json = false;
  std::vector<std::string> features;
};

void add_check(CLI::App& app, CheckOptions& options, int& exit_code) {
  CLI::App* check =
      app.add_subcommand("check", "Check configuration and rule files; exit 1 when one is refused");
  check->add_option("FILE", options.files, "tocsin.yml or Prometheus rule files");
  check->add_flag("--json", options.json, "Machine-readable output");
  add_features(*check, options.features);
  CLI::App* metrics =
      check->add_subcommand("metrics", "Check a metrics page by the letter of its format");
  metrics->add_option("FILE", options.metrics_file, "The page; - for standard input")->required();
  metrics
      ->add_option("--format", options.metrics_format,
                   "text (0.0.4), openmetrics, or auto: OpenMetrics when it has a line # EOF")
      ->check(CLI::IsMember({"auto", "text", "openmetrics"}));
  metrics->callback(
      [&] { exit_code = check_metrics(options.metrics_file, options.metrics_format); });
  check->callback([&options, &exit_code, metrics] {
    if (metrics->parsed()) {
      return;
    }
    if (options.files.empty()) {
      throw CLI::RequiredError("FILE");
    }
    exit_code = check_files(options.files, options.features, options.json);
  });
}

void add_server(CLI::App& command, Server& server) {
  command.add_option("--url,--server", server.url, "URL of the server")->capture_default_str();
  auto* token = command.add_option("--token-file", server.token_file, "File with a bearer token");
  auto* user = command.add_option("--user", server.user, "For basic authentication");
  command.add_option("--password-file", server.password_file, "File with the password")
      ->needs(user)
      ->excludes(token);
  command.add_option("--ca-file", server.ca_file, "What signs the server's certificate");
}

void add_query(CLI::App& app, QueryOptions& options, int& exit_code) {
  CLI::App* query = app.add_subcommand("query", "Evaluate a PromQL expression on a running tocsin");
  add_server(*query, options.server);
  query->add_option("--timeout", options.timeout, "The server gives up after this, such as 10s");
  query->add_option("--time", options.time,
                    "RFC 3339, Unix seconds, or a duration back such as 1h; default: now");
  auto* range =
      query->add_option("--range", options.range,
                        "Chart START..END/STEP, such as 1h or -6h..-1h/1m; or the parts alone");
  query->add_option("--start", options.start, "Instead of START in --range");
  query->add_option("--end", options.end, "Instead of END in --range");
  query->add_option("--step", options.step, "Instead of STEP in --range");
  query->add_option("--width", options.width, "Columns of the chart; default: the terminal's");
  query->add_flag("--no-color", options.no_color, "A chart in plain characters (or set NO_COLOR)");
  query->add_flag("--json", options.json, "Print the server's answer");
  query->add_flag("--format", options.format,
                  "Print the expression in canonical form; asks no server");
  query->add_flag("--functions", options.functions,
                  "List the functions of PromQL, or those whose names contain EXPR");
  query->add_flag("--fail-empty", options.fail_empty, "Exit 1 when there is no result");
  add_features(*query, options.features);
  query->add_option("EXPR", options.expression, "The expression");
  query->callback([&options, &exit_code, range] {
    if (options.expression.empty() && !options.functions) {
      throw CLI::RequiredError("EXPR");
    }
    options.wants_range = range->count() > 0;
    exit_code = query_server(options);
  });
}

void add_incident(CLI::App& app, IncidentOptions& options, int& exit_code) {
  CLI::App* incident = app.add_subcommand("incident", "Look at incidents of a running tocsin");
  incident->require_subcommand(1);
  const auto common = [&options](CLI::App* command) {
    add_server(*command, options.server);
    command->add_flag("--json", options.json, "Print the server's answer");
  };
  CLI::App* list = incident->add_subcommand("list", "List incidents");
  common(list);
  list->add_option("--state", options.states, "Only open, mitigated or resolved ones")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->transform(CLI::IsMember({"open", "mitigated", "resolved"}, CLI::ignore_case));
  list->callback([&] { exit_code = list_incidents(options); });
  CLI::App* show = incident->add_subcommand("show", "Show one incident with its timeline");
  common(show);
  show->add_option("ID", options.id, "Such as INC-142")->required();
  show->callback([&] { exit_code = show_incident(options); });
}

struct PluginOptions {
  std::string config = "/etc/tocsin/tocsin.yml";
  std::string file;
};

void add_plugin(CLI::App& app, PluginOptions& options, int& exit_code) {
  CLI::App* plugin = app.add_subcommand("plugin", "Look at plugins: shared libraries");
  plugin->require_subcommand(1);
  CLI::App* list = plugin->add_subcommand("list", "List the plugins that a configuration names");
  list->add_option("--config", options.config, "Configuration file")->capture_default_str();
  list->callback([&] { exit_code = list_plugins(options.config); });
  CLI::App* check = plugin->add_subcommand("check", "Load a plugin and say what it is");
  check->add_option("FILE", options.file, "The shared library")->required();
  check->callback([&] { exit_code = check_plugin(options.file); });
}

void add_demo(CLI::App& app, ShopOptions& options, int& exit_code) {
  CLI::App* demo =
      app.add_subcommand("demo", "Parts of the demonstration (see deploy/run.sh --demo)");
  demo->require_subcommand(1);
  CLI::App* shop = demo->add_subcommand("shop", "Serve the metrics of a shop whose partner fails");
  shop->add_option("--listen", options.listen, "ADDRESS:PORT")->capture_default_str();
  shop->add_option("--failures-per-second", options.failures_per_second, "While failing")
      ->capture_default_str();
  shop->add_option("--healthy-seconds", options.healthy_seconds, "Before the failure")
      ->capture_default_str();
  shop->add_option("--failing-seconds", options.failing_seconds, "Length of the failure")
      ->capture_default_str();
  shop->callback([&] { exit_code = run_demo_shop(options); });
}

std::string version_line() {
  return "tocsin " + std::string(kVersion) + " (" + std::string(kCompiler) + ")";
}

/// What the command line says wrongly. A word that nobody knows goes before what is missing, which
/// may be the same: "tocsin lsit" has no command.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (error.get_exit_code() == 0 || unknown.empty()) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  const bool option = unknown.front().starts_with('-');
  std::fprintf(stderr, "unknown %s: %s\nRun with --help for more information.\n",
               option ? "option" : "command or argument", unknown.front().c_str());
  return kUsageError;
}

}  // namespace

promql::Features enabled_features(const std::vector<std::string>& texts) {
  std::vector<std::string> unknown;
  const promql::Features features = promql::parse_features(texts, unknown);
  for (const std::string& name : unknown) {
    std::fprintf(stderr, "warning: --enable-feature: unknown feature %s is ignored\n",
                 name.c_str());
  }
  return features;
}

int run_command_line(int argc, char** argv) {
  CLI::App app("tocsin: watches metrics, opens incidents, tells people", "tocsin");
  app.require_subcommand(1);
  int exit_code = 0;
  RunOptions run;
  CheckOptions check;
  QueryOptions query;
  IncidentOptions incident;
  PluginOptions plugin;
  ShopOptions shop;
  add_run(app, run, exit_code);
  add_check(app, check, exit_code);
  add_query(app, query, exit_code);
  add_incident(app, incident, exit_code);
  add_plugin(app, plugin, exit_code);
  add_demo(app, shop, exit_code);
  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->callback([] { std::printf("%s\n", version_line().c_str()); });
  app.set_version_flag("--version", version_line(), "Print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  return exit_code;
}

}  // namespace tocsin::app
