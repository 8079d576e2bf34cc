#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "notifiers/global.h"
#include "notifiers/integration.h"
#include "yaml/document.h"

namespace tocsin::notifiers {

/// What decoding of a receiver needs besides its own text.
struct DecodeContext {
  const GlobalConfig& global;
  Files files;
  yaml::Problems& problems;
  std::string search_path = "/bin:/usr/bin";  ///< PATH of this process, where programs are found
  std::string version = "0";                  ///< of the daemon, for plugins
};

/// One kind of integration. `decode` takes its keys and leaves finish() to the caller; it reports
/// faults and returns an integration all the same.
struct Backend {
  std::string kind;  ///< "slack": its entries stand under `slack_configs`
  std::function<std::unique_ptr<Integration>(yaml::MappingReader& reader, DecodeContext& context)>
      decode;
};

/// The kinds that this daemon has, by explicit registration. Freeze it before decoding.
class Registry {
 public:
  /// kAlreadyExists for a second backend of one kind; kInternal when frozen.
  base::Status add(Backend backend);
  void freeze() { frozen_ = true; }

  const Backend* find(std::string_view kind) const;
  std::vector<std::string> kinds() const;

 private:
  std::map<std::string, Backend, std::less<>> backends_;
  bool frozen_ = false;
};

/// Registers webhook, slack, email, exec, log and plugin.
base::Status add_built_in(Registry& registry);

}  // namespace tocsin::notifiers
