#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "integration/daemon/rig.h"

namespace tocsin::testing {

/// A request as both sides get it.
struct ApiRequest {
  std::string method = "GET";
  std::string path;  ///< with its query
  std::string form;  ///< sent as a form body when not empty
};

/// tocsin and a real Prometheus that scrape one page.
class QueryRig {
 public:
  QueryRig();

  /// Starts both and waits until each has scraped the page. Ends the test when one does not.
  void start(const std::string& page, const std::string& more_config = "");

  Rig& tocsin() { return rig_; }
  std::uint16_t prometheus_port() const { return prometheus_port_; }
  std::string page_address() const { return page_.address(); }
  HttpMessage ask(std::uint16_t port, const ApiRequest& request) const;
  /// `promtool ARGUMENTS…`
  static Finished promtool(std::vector<std::string> arguments);

 private:
  Rig rig_;
  PageServer page_;
  std::uint16_t prometheus_port_ = free_port();
  std::unique_ptr<Process> prometheus_;
};

}  // namespace tocsin::testing
