#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "net/subprocess.h"
#include "notifiers/registry.h"

namespace tocsin::notifiers::exec {

/// `exec_configs` (extension): runs a program, without a shell, with the notice as JSON on its
/// standard input. Exit code 0 is delivered. 64 to 78, which sysexits.h has for what no repetition
/// helps, without 75 (EX_TEMPFAIL), is refused; all else, a signal and the time limit too, is tried
/// again. The first line of standard error is the reason.
struct Config {
  bool send_resolved = true;
  /// Path or name and arguments; only the arguments are templates. A name without a slash is looked
  /// for in PATH, another relative path starts at the configuration's folder.
  std::vector<std::string> command;
  /// The only variables that the program gets, beside TOCSIN_NOTICE_ID, TOCSIN_STATUS and PATH.
  std::vector<std::pair<std::string, std::string>> environment;
  base::Duration timeout = std::chrono::seconds(10);  ///< then the program is killed
};

class Exec final : public Integration {
 public:
  explicit Exec(Config config) : config_(std::move(config)) {}

  bool send_resolved() const override { return config_.send_resolved; }
  std::unique_ptr<Notifier> make(const Parts& parts) const override;

  base::Result<net::Command> render(const model::Notice& notice,
                                    const TextRenderer& renderer) const;
  Outcome classify(const base::Result<net::CommandResult>& result) const;

  const Config& config() const { return config_; }

 private:
  Config config_;
};

Config decode(yaml::MappingReader& reader, DecodeContext& context);
Backend backend();

}  // namespace tocsin::notifiers::exec
