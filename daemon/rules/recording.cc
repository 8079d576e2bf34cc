#include "rules/recording.h"

#include <chrono>
#include <variant>

namespace tocsin::rules {
namespace {

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  const std::int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

}  // namespace

std::int64_t RecordingSlot::timestamp(base::WallTime time, base::Duration interval, bool grid) {
  const std::int64_t now_ms = base::to_millis(time);
  if (grid || interval <= base::Duration::zero()) {
    return now_ms;
  }
  const std::int64_t current = floor_divide(now_ms, interval.count());
  if (current != number || now_ms < time_ms) {
    number = current;
    time_ms = now_ms;
  }
  return time_ms;
}

base::Result<promql::Vector> to_vector(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) {
    return std::move(*vector);
  }
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    return promql::Vector{{model::Labels(), scalar->time_ms, scalar->value}};
  }
  return base::Error(base::ErrorCode::kInvalidInput, "rule result is not a vector or scalar");
}

base::Result<std::vector<RecordedSample>> recorded(
    const std::string& name, const std::vector<std::pair<std::string, std::string>>& labels,
    const promql::Vector& elements, std::int64_t time_ms) {
  std::vector<RecordedSample> samples;
  samples.reserve(elements.size());
  std::set<model::Labels> seen;
  for (const promql::VectorElement& element : elements) {
    model::LabelsBuilder builder(element.labels);
    builder.set(model::kMetricName, name);
    for (const auto& [label, value] : labels) {
      builder.set(label, value);
    }
    samples.push_back({builder.build(), {time_ms, element.value}, element.histogram});
    if (!seen.insert(samples.back().labels).second) {
      return base::Error(
          base::ErrorCode::kInvalidInput,
          "vector contains metrics with the same labelset after applying rule labels: " +
              samples.back().labels.to_string());
    }
  }
  return samples;
}

std::vector<RecordedSample> alert_series(const std::vector<ActiveAlert>& active,
                                         std::int64_t time_ms) {
  std::vector<RecordedSample> samples;
  samples.reserve(active.size() * 2);
  for (const ActiveAlert& entry : active) {
    const model::Alert& alert = entry.alert;
    model::LabelsBuilder state(alert.labels);
    state.set(model::kMetricName, "ALERTS").set("alertstate", model::to_string(alert.state));
    samples.push_back({state.build(), {time_ms, 1}});
    model::LabelsBuilder since(alert.labels);
    since.set(model::kMetricName, "ALERTS_FOR_STATE");
    const auto seconds = std::chrono::floor<std::chrono::seconds>(alert.active_at);
    samples.push_back(
        {since.build(), {time_ms, static_cast<double>(seconds.time_since_epoch().count())}});
  }
  return samples;
}

void end_missing(std::vector<RecordedSample>& samples, std::set<model::Labels>& written,
                 std::int64_t time_ms) {
  std::set<model::Labels> now;
  for (const RecordedSample& sample : samples) {
    now.insert(sample.labels);
  }
  for (const model::Labels& labels : written) {
    if (!now.contains(labels)) {
      samples.push_back({labels, {time_ms, model::stale_marker()}});
    }
  }
  written = std::move(now);
}

}  // namespace tocsin::rules
