#pragma once

#include "model/notice.h"
#include "templates/value.h"

namespace tocsin::rendering {

/// A notice as templates see it: Alertmanager's Receiver, Status, Alerts (.Firing, .Resolved),
/// GroupLabels, CommonLabels, CommonAnnotations (.SortedPairs, .Names, .Values, .Remove) and
/// ExternalURL; besides them GroupKey, TruncatedAlerts and Incidents (ID, Title, State, Grade,
/// Provisional, Service, Category, DetectedAt).
templates::Value notice_value(const model::Notice& notice);

}  // namespace tocsin::rendering
