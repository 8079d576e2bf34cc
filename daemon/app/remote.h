#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "base/result.h"
#include "net/url.h"

namespace tocsin::app {

/// A running tocsin or Prometheus, as commands talk to it.
struct Server {
  std::string url = "http://127.0.0.1:9746";
  std::string token_file{};     ///< holds a bearer token; empty: none
  std::string user{};           ///< for basic authentication
  std::string password_file{};  ///< of the user
  std::string ca_file{};        ///< what signs the server's certificate; empty: the system's
};

/// GETs `path` and parses the JSON of the answer, whatever its status. Parameters too long for a
/// URL go as a form. Blocks until then.
base::Result<boost::json::value> get_json(const Server& server, const std::string& path,
                                          const net::QueryParameters& parameters);

/// The text of an error answer in Prometheus' or tocsin's form; empty when it is none.
std::string error_text(const boost::json::value& answer);

/// Prints rows as aligned columns; the first row is the head.
void print_table(const std::vector<std::vector<std::string>>& rows);

/// A member of an object as text: strings as they are, other values as JSON, "" when missing.
std::string member_text(const boost::json::value& object, std::string_view key);

/// "2026-01-02 03:04:05Z"
std::string format_time(double unix_seconds);

}  // namespace tocsin::app
