#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "model/record.h"

namespace tocsin::model {

/// The one record that concerns every state machine: the wall clock was set, and spans that are
/// measured in wall time move with it.
inline constexpr std::string_view kClockStepped = "clock.stepped";

Record clock_step_record(base::WallTime now, base::Duration by);
/// By how much it was set; kCorrupt when the payload does not say.
base::Result<base::Duration> clock_step(const Record& record);

/// What a state machine's apply() begins with: a record of this kind is handed to `shift`, and its
/// status returned; nothing for any other record.
std::optional<base::Status> apply_clock_step(const Record& record,
                                             const std::function<void(base::Duration)>& shift);

}  // namespace tocsin::model
