#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/views.h"
#include "base/result.h"
#include "model/matcher.h"
#include "net/http.h"
#include "promql/query.h"

/// The API's answers as JSON text. Pure.
namespace tocsin::api {

/// `{"status":"success","data":…}` with status 200; `data` is JSON.
net::ServerResponse success(const std::string& data, const std::vector<std::string>& warnings = {},
                            const std::vector<std::string>& infos = {});

/// `{"status":"error","errorType":…,"error":…}`.
net::ServerResponse failure(int status, std::string_view type, std::string_view message);
/// 400 for a parameter: `invalid parameter "time": …`.
net::ServerResponse bad_parameter(std::string_view name, const base::Error& error);
/// The answer for an evaluation that failed: 422 execution, 503 timeout, 499 canceled, …
net::ServerResponse failed_query(const base::Error& error);
/// Prometheus' name for such a failure: "execution", "timeout", …
std::string_view error_type(const base::Error& error);

/// `{"resultType":…,"result":…}`.
std::string encode_value(const promql::Value& value);

/// Which rules to show; empty lists let everything through.
struct RuleFilter {
  bool alerting = true;
  bool recording = true;
  bool exclude_alerts = false;
  std::vector<std::string> names;
  std::vector<std::string> groups;
  std::vector<std::string> files;
  std::vector<model::Matchers> matchers;  ///< over the rule's labels; one of them has to match
};
std::string encode_rules(const std::vector<RuleGroupView>& groups, const RuleFilter& filter);
std::string encode_alerts(const std::vector<RuleGroupView>& groups);
std::string encode_targets(const std::vector<TargetView>& targets, bool active, bool dropped,
                           const std::string& pool);
std::string encode_build(const BuildView& build);
std::string encode_label_sets(const std::vector<model::Labels>& sets);
std::string encode_strings(const std::vector<std::string>& texts);
std::string encode_incidents(const std::vector<IncidentView>& incidents);
std::string encode_incident(const IncidentDetail& detail);

}  // namespace tocsin::api
