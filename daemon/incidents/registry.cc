#include "incidents/registry.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "model/clock_step.h"
#include "model/payload.h"

namespace tocsin::incidents {
namespace {

constexpr std::size_t kMaxPast = 10'000;

// "INC-12" gives 12.
std::optional<std::uint64_t> number_of(std::string_view id) {
  constexpr std::string_view kPrefix = "INC-";
  if (!id.starts_with(kPrefix) || id.size() == kPrefix.size() || id.size() > 20) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char digit : id.substr(kPrefix.size())) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

}  // namespace

std::string correlation_key(const model::Labels& labels) {
  return std::string(labels.has("service") ? labels.get("service") : labels.get(model::kAlertName));
}

Registry::Registry(Config config) : config_(std::move(config)), past_(std::make_shared<Past>()) {}

base::Status Registry::apply(const model::Record& record) {
  const auto step = model::apply_clock_step(record, [this](base::Duration by) { shift(by); });
  if (step) {
    return *step;
  }
  if (!record.type.starts_with("incident.")) {
    return {};
  }
  if (record.type == "incident.opened") {
    auto opened = opened_from(record);
    if (!opened) {
      return opened.error();
    }
    if (opened->number <= last_number_) {
      return model::PayloadReader::malformed("incident: its number is taken");
    }
    last_number_ = opened->number;
    insert(std::make_shared<Incident>(*std::move(opened)));
    return {};
  }
  const auto number = number_of(record.subject);
  if (!number) {
    return model::PayloadReader::malformed("incident id " + record.subject);
  }
  const auto incident = incidents_.find(*number);
  if (incident == incidents_.end()) {
    return {};
  }
  if (record.type == "incident.archived") {
    archive(*number);
    return {};
  }
  auto applied = apply_to(writable(incident->second), record);
  if (applied && incident->second->umbrella && record.type == "incident.alert_joined") {
    // Only under an umbrella do alerts have other keys than their incident.
    if (const auto labels = model::labels_from_json(record.payload.at("labels"))) {
      index(correlation_key(*labels), *number);
    }
  }
  return applied;
}

void Registry::insert(std::shared_ptr<Incident> incident) {
  index(incident->key, incident->number);
  if (incident->umbrella) {
    for (const auto& [fingerprint, signal] : incident->signals) {
      index(correlation_key(signal.labels), incident->number);
    }
  }
  incidents_[incident->number] = std::move(incident);
}

void Registry::index(const std::string& key, std::uint64_t number) {
  auto& numbers = by_key_[key];
  const auto place = std::ranges::lower_bound(numbers, number);
  if (place == numbers.end() || *place != number) {
    numbers.insert(place, number);
  }
}

void Registry::unindex(const std::string& key, std::uint64_t number) {
  const auto numbers = by_key_.find(key);
  if (numbers == by_key_.end()) {
    return;
  }
  std::erase(numbers->second, number);
  if (numbers->second.empty()) {
    by_key_.erase(numbers);
  }
}

Incident& Registry::writable(std::shared_ptr<Incident>& incident) {
  if (incident.use_count() > 1) {
    incident = std::make_shared<Incident>(*incident);
  }
  return *incident;
}

void Registry::archive(std::uint64_t number) {
  if (past_.use_count() > 1) {
    past_ = std::make_shared<Past>(*past_);
  }
  const Incident& incident = *incidents_.at(number);
  for (const auto& [fingerprint, signal] : incident.signals) {
    if (past_->incident.insert_or_assign(fingerprint, number).second) {
      past_->order.push_back(fingerprint);
    }
  }
  while (past_->order.size() > kMaxPast) {
    past_->incident.erase(past_->order.front());
    past_->order.pop_front();
  }
  unindex(incident.key, number);
  if (incident.umbrella) {
    for (const auto& [fingerprint, signal] : incident.signals) {
      unindex(correlation_key(signal.labels), number);
    }
  }
  incidents_.erase(number);
}

void Registry::note_written(std::string_view id, std::uint64_t sequence) {
  const auto number = number_of(id);
  const auto incident = number ? incidents_.find(*number) : incidents_.end();
  if (incident != incidents_.end()) {
    writable(incident->second).line_written(sequence);
  }
}

void Registry::shift(base::Duration by) {
  for (auto& [number, incident] : incidents_) {
    Incident& target = writable(incident);
    target.window_from += by;
    target.grown += by;
    target.calm_from += by;
  }
}

boost::json::object Registry::save() const {
  boost::json::array incidents;
  for (const auto& [number, incident] : incidents_) {
    incidents.push_back(to_json(*incident));
  }
  boost::json::array past;
  for (const std::uint64_t fingerprint : past_->order) {
    past.push_back(boost::json::object{
        {"fingerprint", base::to_hex(fingerprint)},
        {"number", static_cast<std::int64_t>(past_->incident.at(fingerprint))}});
  }
  return {{"last_number", static_cast<std::int64_t>(last_number_)},
          {"incidents", std::move(incidents)},
          {"past", std::move(past)}};
}

base::Status Registry::load(const boost::json::value& json) {
  model::PayloadReader reader(json);
  Registry loaded(config_);
  const std::int64_t last = reader.integer("last_number");
  loaded.last_number_ = static_cast<std::uint64_t>(std::max<std::int64_t>(last, 0));
  for (const auto& element : reader.array("incidents")) {
    auto incident = incident_from_json(element);
    if (!incident) {
      return incident.error();
    }
    loaded.insert(std::make_shared<Incident>(*std::move(incident)));
  }
  for (const auto& element : reader.array("past")) {
    model::PayloadReader part(element);
    const auto fingerprint = base::parse_hex(part.text("fingerprint"));
    const std::int64_t number = part.integer("number");
    if (!part.intact() || !fingerprint || number < 1) {
      return part.malformed("past incident");
    }
    loaded.past_->incident[*fingerprint] = static_cast<std::uint64_t>(number);
    loaded.past_->order.push_back(*fingerprint);
  }
  if (!reader.intact() || last < 0) {
    return reader.malformed("incidents");
  }
  *this = std::move(loaded);
  return {};
}

std::optional<model::IncidentBrief> Registry::brief_for(const model::Labels& labels) const {
  const auto numbers = by_key_.find(correlation_key(labels));
  if (numbers == by_key_.end()) {
    return std::nullopt;
  }
  const std::uint64_t fingerprint = labels.hash();
  for (auto number = numbers->second.rbegin(); number != numbers->second.rend(); ++number) {
    const Incident& incident = *incidents_.at(*number);
    if (incident.signals.contains(fingerprint)) {
      return incident.brief();
    }
  }
  return std::nullopt;
}

std::optional<model::IncidentBrief> Registry::brief_for(std::string_view fingerprint) const {
  const auto wanted = base::parse_hex(fingerprint);
  if (!wanted) {
    return std::nullopt;
  }
  for (auto incident = incidents_.rbegin(); incident != incidents_.rend(); ++incident) {
    if (incident->second->signals.contains(*wanted)) {
      return incident->second->brief();
    }
  }
  return std::nullopt;
}

std::vector<std::shared_ptr<const Incident>> Registry::live() const {
  std::vector<std::shared_ptr<const Incident>> live;
  for (const auto& [number, incident] : incidents_) {
    if (incident->state != State::kResolved) {
      live.push_back(incident);
    }
  }
  return live;
}

std::shared_ptr<const Incident> Registry::find(std::string_view id) const {
  const auto number = number_of(id);
  const auto incident = number ? incidents_.find(*number) : incidents_.end();
  return incident == incidents_.end() ? nullptr : incident->second;
}

}  // namespace tocsin::incidents
