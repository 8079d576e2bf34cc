#pragma once

#include "api/views.h"
#include "incidents/incident.h"
#include "rules/view.h"
#include "sources/ingester.h"

namespace tocsin::app {

/// What the rooms show, in the words of the API.
api::RuleGroupView to_view(const rules::GroupView& group);
api::TargetView to_view(const sources::TargetStatus& status);
api::IncidentView to_view(const incidents::Incident& incident);
api::IncidentDetail to_detail(const incidents::Incident& incident);

}  // namespace tocsin::app
