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

}  // namespace tocsin::model
