#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/timers.h"
#include "async/worker_pool.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "http_config/options.h"
#include "net/http.h"
#include "sources/scrape_config.h"
#include "sources/source.h"
#include "yaml/document.h"

namespace tocsin::sources {

/// What backends may use while they run. Everything outlives the sources.
struct Runtime {
  boost::asio::any_io_executor executor;
  const base::Clock& clock;
  async::Timers& timers;
  const base::FileSystem& files;
  net::HttpClient& http;
  async::WorkerPool* pool = nullptr;
};

/// One decoded entry of `sources:`. Knows its configuration only, so that a check of the file
/// builds nothing.
class SourceConfig {
 public:
  virtual ~SourceConfig() = default;
  /// What may be there only once, such as "system node"; shown when it is not.
  virtual std::string key() const = 0;
  virtual std::vector<Target> make_targets(const Runtime& runtime) const = 0;
};

/// What a backend's decoder gets.
struct SourceSection {
  const yaml::Node& node;        ///< the mapping below the backend's name; may be null
  const ScrapeGlobals& globals;  ///< intervals and limits of `global`
  const http_config::ConfigFiles& config;
};

/// Null after faults, which the decoder has added to the problems.
using SourceDecoder = std::function<std::unique_ptr<SourceConfig>(const SourceSection& section,
                                                                  yaml::Problems& problems)>;

/// The source backends by name. The app adds each with an explicit call, then freezes.
class Registry {
 public:
  /// kAlreadyExists for a second one of that name; kDenied once frozen.
  base::Status add(std::string name, SourceDecoder decoder);
  void freeze() { frozen_ = true; }
  std::vector<std::string> names() const;

  /// Decodes the list `sources`: each entry is a mapping of one backend's name to its section, or
  /// the name alone.
  std::vector<std::unique_ptr<SourceConfig>> decode(const yaml::Node& list,
                                                    const ScrapeGlobals& globals,
                                                    const http_config::ConfigFiles& config,
                                                    yaml::Problems& problems) const;

 private:
  std::map<std::string, SourceDecoder> decoders_;
  bool frozen_ = false;
};

/// Adds what is built in: system.
base::Status add_built_in_sources(Registry& registry);

}  // namespace tocsin::sources
