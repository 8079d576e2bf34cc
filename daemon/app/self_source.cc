#include "app/self_source.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "model/labels.h"

namespace tocsin::app {
namespace {

class Collector {
 public:
  explicit Collector(std::vector<sources::RawSample>& samples) : samples_(samples) {}

  void take(const prometheus::MetricFamily& family) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      switch (family.type) {
        case prometheus::MetricType::Counter:
          add(family.name, metric, metric.counter.value);
          break;
        case prometheus::MetricType::Gauge:
          add(family.name, metric, metric.gauge.value);
          break;
        case prometheus::MetricType::Histogram:
          take_histogram(family.name, metric);
          break;
        default:
          break;  // nothing of ours has another type
      }
    }
  }

 private:
  void take_histogram(const std::string& name, const prometheus::ClientMetric& metric) {
    for (const auto& bucket : metric.histogram.bucket) {
      std::string bound = base::format_number(bucket.upper_bound);
      if (bound.find_first_of(".I") == std::string::npos) {
        bound += ".0";  // as Prometheus 3 normalises it
      }
      add(name + "_bucket", metric, static_cast<double>(bucket.cumulative_count), bound);
    }
    add(name + "_sum", metric, metric.histogram.sample_sum);
    add(name + "_count", metric, static_cast<double>(metric.histogram.sample_count));
  }

  void add(const std::string& name, const prometheus::ClientMetric& metric, double value,
           const std::string& bound = "") {
    model::LabelsBuilder labels;
    labels.set(model::kMetricName, name);
    for (const auto& label : metric.label) {
      labels.set(label.name, label.value);
    }
    labels.set("le", bound);
    samples_.push_back({labels.build(), value, std::nullopt});
  }

  std::vector<sources::RawSample>& samples_;
};

class SelfConfig final : public sources::SourceConfig {
 public:
  SelfConfig(base::Duration interval, const Metrics* metrics, std::function<void()> refresh)
      : interval_(interval), metrics_(metrics), refresh_(std::move(refresh)) {}

  std::string key() const override { return "self"; }

  std::vector<sources::Target> make_targets(const sources::Runtime& runtime) const override {
    if (metrics_ == nullptr) {
      return {};
    }
    sources::Target target;
    target.spec.pool = "tocsin";
    target.spec.id = "self";
    target.spec.url = "self";
    target.spec.labels = model::Labels{{"job", "tocsin"}, {"instance", "self"}};
    target.spec.interval = interval_;
    target.spec.timeout = interval_;
    target.source = std::make_shared<SelfSource>(*metrics_, runtime.clock, refresh_);
    return {std::move(target)};
  }

 private:
  base::Duration interval_;
  const Metrics* metrics_;
  std::function<void()> refresh_;
};

}  // namespace

base::Status add_self_source(sources::Registry& registry, const Metrics* metrics,
                             std::function<void()> refresh) {
  return registry.add("self", [metrics, refresh = std::move(refresh)](
                                  const sources::SourceSection& section, yaml::Problems& problems) {
    yaml::MappingReader reader(section.node, "self", problems);
    base::Duration interval = reader.duration("interval").value_or(std::chrono::seconds(15));
    if (interval < std::chrono::seconds(1)) {
      reader.problem("interval", "must be 1s or longer");
      interval = std::chrono::seconds(1);
    }
    reader.finish();
    return std::unique_ptr<sources::SourceConfig>(
        std::make_unique<SelfConfig>(interval, metrics, refresh));
  });
}

SelfSource::SelfSource(const Metrics& metrics, const base::Clock& clock,
                       std::function<void()> refresh)
    : metrics_(metrics), clock_(clock), refresh_(std::move(refresh)) {}

async::Task<sources::Batch> SelfSource::poll(sources::PollContext context) {
  const base::MonotonicTime begun = clock_.monotonic_now();
  refresh_();
  sources::Batch batch;
  Collector collector(batch.samples);
  for (const prometheus::MetricFamily& family : metrics_.collect()) {
    collector.take(family);
  }
  batch.up = true;
  batch.started = context.started;
  batch.scraped = batch.samples.size();
  batch.arrived = clock_.monotonic_now();
  batch.duration = std::chrono::floor<base::Duration>(batch.arrived - begun);
  batch.duration_seconds = std::chrono::duration<double>(batch.arrived - begun).count();
  co_return batch;
}

}  // namespace tocsin::app
