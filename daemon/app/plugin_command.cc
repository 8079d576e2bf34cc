#include <cstdio>

#include "app/backends.h"
#include "app/cli.h"
#include "app/remote.h"
#include "async/real_environment.h"
#include "async/real_file_system.h"
#include "notifiers/plugin/plugin.h"

namespace tocsin::app {

int list_plugins(const std::string& config_file) {
  const async::RealFileSystem files;
  const async::RealEnvironment environment;
  yaml::Problems problems;
  const auto backends = make_backends();
  const Config config = load_config(config_file, *backends, files, environment, {}, problems);
  if (!problems.ok()) {
    for (const base::Error& error : problems.errors()) {
      std::fprintf(stderr, "%s\n", error.to_string().c_str());
    }
    return 1;
  }
  std::vector<std::vector<std::string>> rows = {{"RECEIVER", "INTEGRATION", "PLUGIN", "FILE"}};
  bool all_well = true;
  for (const notifiers::Receiver& receiver : config.receivers) {
    for (const notifiers::NamedIntegration& named : receiver.integrations) {
      const auto* plugin = dynamic_cast<const notifiers::plugin::Plugin*>(named.integration.get());
      if (plugin == nullptr) {
        continue;
      }
      const auto info = notifiers::plugin::inspect(plugin->config().path);
      all_well = all_well && info.has_value();
      rows.push_back({receiver.name, named.id,
                      info ? info->name + " " + info->version : info.error().message(),
                      plugin->config().path});
    }
  }
  print_table(rows);
  return all_well ? 0 : 1;
}

int check_plugin(const std::string& file) {
  const auto info = notifiers::plugin::inspect(file);
  if (!info) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), info.error().message().c_str());
    return 1;
  }
  std::printf("%s: ok, %s %s%s\n", file.c_str(), info->name.c_str(), info->version.c_str(),
              info->notifier ? ", notifier" : "");
  return 0;
}

}  // namespace tocsin::app
