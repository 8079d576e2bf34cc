#include "model/clock_step.h"

#include <string>

#include "model/payload.h"

namespace tocsin::model {

Record clock_step_record(base::WallTime now, base::Duration by) {
  Record record;
  record.type = std::string(kClockStepped);
  record.time = now;
  record.actor = "system";
  record.payload["delta_ms"] = by.count();
  return record;
}

base::Result<base::Duration> clock_step(const Record& record) {
  PayloadReader reader(record.payload);
  const base::Duration by{reader.integer("delta_ms")};
  if (!reader.intact()) {
    return PayloadReader::malformed("clock step");
  }
  return by;
}

std::optional<base::Status> apply_clock_step(const Record& record,
                                             const std::function<void(base::Duration)>& shift) {
  if (record.type != kClockStepped) {
    return std::nullopt;
  }
  const auto by = clock_step(record);
  if (!by) {
    return by.error();
  }
  shift(*by);
  return base::Status();
}

}  // namespace tocsin::model
