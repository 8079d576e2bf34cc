#pragma once

#include <string>
#include <vector>

/// Every expression of the conformance data, for what has to hold of all of them.
namespace tocsin::promqltest {

/// The `expr` of the rules in the files that verdicts.tsv names as accepted.
std::vector<std::string> rule_expressions(const std::string& conformance_dir);
/// The evals of the scripts in a folder.
std::vector<std::string> script_expressions(const std::string& folder);
/// The query list of prometheus/compliance, each template with one of its values.
std::vector<std::string> compliance_queries(const std::string& conformance_dir);

/// The `.test` files of a folder, sorted.
std::vector<std::string> scripts_in(const std::string& folder);

}  // namespace tocsin::promqltest
