#pragma once

#include <cstdint>
#include <string_view>

#include "incidents/registry.h"
#include "model/payload.h"

/// Reading parts of records and snapshots; for this room only.
namespace tocsin::incidents {

std::string_view to_string(model::FactStatus status);
std::string_view to_string(DataState state);
DataState read_data_state(model::PayloadReader& reader);

/// Key, value, author and status; the time is the caller's.
model::Fact read_fact(model::PayloadReader& reader);
Seriousness read_seriousness(model::PayloadReader& reader);
/// 1 to 5.
int read_grade(model::PayloadReader& reader);
/// What "incident.alert_joined" and a snapshot have in common; `json` is what is read.
Signal read_signal(model::PayloadReader& reader, const boost::json::object& json);
/// What "incident.opened" and a snapshot have in common.
void read_identity(model::PayloadReader& reader, Incident& incident);

}  // namespace tocsin::incidents
