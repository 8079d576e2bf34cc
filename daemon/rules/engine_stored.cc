// What rules wrote before a start.
#include <algorithm>
#include <iterator>

#include "rules/engine_impl.h"

namespace tocsin::rules {
namespace {

constexpr const char* kAlertSeries[] = {"ALERTS", "ALERTS_FOR_STATE"};

bool is_template(std::string_view text) { return text.find("{{") != std::string_view::npos; }

bool may_have_written(const LoadedRule& rule, const model::Labels& series) {
  const bool named = rule.rule.alerting ? std::ranges::find(kAlertSeries, series.metric_name()) !=
                                                  std::end(kAlertSeries) &&
                                              series.get(model::kAlertName) == rule.rule.name
                                        : series.metric_name() == rule.rule.name;
  return named && std::ranges::all_of(rule.labels, [&](const auto& label) {
           return (rule.rule.alerting && is_template(label.second)) ||
                  series.get(label.first) == label.second;
         });
}

}  // namespace

std::set<std::string> Engine::written_names() const {
  std::set<std::string> names;
  for (const LoadedRule& rule : impl_->rules) {
    if (!rule.rule.alerting) {
      names.insert(rule.rule.name);
    }
  }
  names.insert(std::begin(kAlertSeries), std::end(kAlertSeries));
  return names;
}

std::vector<RecordedSample> Engine::take_over(const std::vector<model::Labels>& series,
                                              base::WallTime wall) {
  std::multimap<std::string, LoadedRule*, std::less<>> writers;
  for (LoadedRule& rule : impl_->rules) {
    writers.emplace(rule.rule.name, &rule);
  }
  std::vector<RecordedSample> ends;
  for (const model::Labels& labels : series) {
    const bool alert =
        std::ranges::find(kAlertSeries, labels.metric_name()) != std::end(kAlertSeries);
    const std::string name(alert ? labels.get(model::kAlertName) : labels.metric_name());
    const auto [first, last] = writers.equal_range(name);
    const auto writer = std::find_if(
        first, last, [&](const auto& entry) { return may_have_written(*entry.second, labels); });
    if (writer != last) {
      writer->second->written.insert(labels);
    } else {
      ends.push_back({labels, {base::to_millis(wall), model::stale_marker()}});
    }
  }
  return ends;
}

}  // namespace tocsin::rules
