#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "integration/promql_differential/answer.h"
#include "integration/promql_differential/node.h"
#include "integration/promql_differential/peers.h"

namespace tocsin::differential {

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t expressions = 2000;  ///< each asked once as instant and once as range query
  std::size_t per_data = 10'000;   ///< new series after so many
  std::size_t max_reports = 20;    ///< gives up after so many disagreements
  std::function<void(const std::string&)> say = [](const std::string&) {};
};

/// A disagreement, made as small as it goes.
struct Report {
  std::string found;  ///< the question that was asked first
  Question smallest;
  std::string what;  ///< what is different
};

struct RunResult {
  std::size_t expressions = 0;
  std::size_t questions = 0;
  std::size_t failed = 0;                       ///< both with an error
  std::size_t empty = 0;                        ///< both without a series
  std::map<std::string, std::size_t> excluded;  ///< by the exclusion's id
  std::vector<Report> reports;
  std::string broken;  ///< not empty: a server stopped answering

  std::string summary() const;
};

RunResult run_random(const RunOptions& options);

/// An expression and when it was asked for.
struct Asked {
  NodePtr node;
  Question question;
};

/// The smallest expression and time over which the two still disagree.
Asked shrink(Peers& peers, const Asked& asked);

}  // namespace tocsin::differential
