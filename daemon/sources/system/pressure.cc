#include <array>
#include <string>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

namespace {

struct Measure {
  std::string_view resource;
  std::string_view line;  ///< "some": at least one task waits; "full": all do
  std::string_view metric;
};

// The "full" line of cpu is always zero for a whole system, and irq has no "some".
// https://docs.kernel.org/accounting/psi.html
constexpr std::array<Measure, 6> kMeasures = {{
    {"cpu", "some", "node_pressure_cpu_waiting_seconds_total"},
    {"io", "some", "node_pressure_io_waiting_seconds_total"},
    {"io", "full", "node_pressure_io_stalled_seconds_total"},
    {"memory", "some", "node_pressure_memory_waiting_seconds_total"},
    {"memory", "full", "node_pressure_memory_stalled_seconds_total"},
    {"irq", "full", "node_pressure_irq_stalled_seconds_total"},
}};

std::optional<double> total_of(const std::vector<std::string_view>& fields) {
  constexpr std::string_view kTotal = "total=";
  for (const std::string_view field : fields) {
    if (field.starts_with(kTotal)) {
      return parse_figure(field.substr(kTotal.size()));
    }
  }
  return std::nullopt;
}

}  // namespace

base::Status parse_pressure(std::string_view resource, std::string_view text, Output& out) {
  base::Status status;
  for_each_line(text, [&](std::string_view line) {
    const auto fields = fields_of(line);
    if (fields.empty()) {
      return;
    }
    for (const Measure& measure : kMeasures) {
      if (measure.resource != resource || measure.line != fields[0]) {
        continue;
      }
      const auto microseconds = total_of(fields);
      if (!microseconds) {
        status = malformed("pressure", "total=<microseconds>");
        return;
      }
      // Divided in two steps, as node_exporter does, for the same last digit.
      out.add(measure.metric, *microseconds / 1000 / 1000);
    }
  });
  return status;
}

base::Status collect_pressure(const Host& host, Output& out) {
  bool any = false;
  base::Status status = base::Error(base::ErrorCode::kNotFound, "this kernel has no pressure data");
  for (const std::string_view resource : {"cpu", "io", "memory", "irq"}) {
    const auto text = host.read_proc("pressure/" + std::string(resource));
    if (!text) {
      // Kernels before 6.1 have no irq; psi=0 on the command line makes reading fail.
      continue;
    }
    auto parsed = parse_pressure(resource, *text, out);
    if (!parsed || !any) {
      status = std::move(parsed);
    }
    any = true;
  }
  return status;
}

}  // namespace tocsin::sources::system
