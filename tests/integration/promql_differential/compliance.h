#pragma once

#include <string>
#include <vector>

namespace tocsin::differential {

struct ComplianceQuery {
  std::string query;
  bool should_fail = false;
};

/// The queries of a list as the public PromQL compliance tester has them: a YAML document whose
/// templates (`{{.range}}`) are multiplied out over their variants. Empty when it is no such list.
std::vector<ComplianceQuery> read_compliance_list(const std::string& yaml);

}  // namespace tocsin::differential
