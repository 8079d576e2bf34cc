#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "promql/call_frame.h"
#include "promql/functions.h"
#include "promql/info.h"

/// info(): see info.h.
namespace tocsin::promql {
namespace {

using base::Result;
using model::Matcher;
using model::MatchKind;

// Labels by which an info series belongs to another one, as in OpenTelemetry's target_info.
constexpr std::array<std::string_view, 2> kIdentifying = {"instance", "job"};

bool is_negative(const Matcher& matcher) {
  return matcher.kind() == MatchKind::kNotEqual || matcher.kind() == MatchKind::kNotRegex;
}

TimeShift within(TimeShift outer, const TimeShift& inner) {
  if (inner.anchor != TimeShift::Anchor::kEvaluation) {
    return inner;
  }
  outer.offset_ms += inner.offset_ms;
  return outer;
}

bool find_shift(const Expr& expr, const TimeShift& outer, TimeShift& found) {
  if (const auto* selector = std::get_if<Selector>(&expr.node)) {
    found = within(outer, selector->shift);
    return true;
  }
  const auto* subquery = std::get_if<Subquery>(&expr.node);
  const TimeShift inner = subquery != nullptr ? within(outer, subquery->shift) : outer;
  bool done = false;
  for_each_child(expr, [&](const Expr& child) { done = done || find_shift(child, inner, found); });
  return done;
}

// What the second argument says.
struct Wanted {
  explicit Wanted(const Selector& selector) {
    for (const Matcher& matcher : selector.matchers) {
      if (matcher.name() == model::kMetricName) {
        names.push_back(&matcher);
      } else {
        labels.insert(matcher.name());
        required = required || !matcher.matches(std::string_view());
      }
    }
  }

  // Info series themselves get no labels from others.
  bool is_info(const model::Labels& series) const {
    return std::ranges::all_of(names,
                               [&](const Matcher* m) { return m->matches(series.metric_name()); });
  }
  bool takes(std::string_view label) const {
    return !label.starts_with("__") && (labels.empty() || labels.contains(label));
  }

  std::vector<const Matcher*> names;
  std::set<std::string_view> labels;  // to take; all when empty
  bool required = false;              // a series without an info series is left out
};

// The info series of a time, by identity and then by name.
class InfoSeries {
 public:
  struct Found {
    model::Labels labels;
    std::int64_t time_ms;
  };
  using ByName = std::map<std::string, Found, std::less<>>;

  void add(const model::Labels& labels, std::int64_t time_ms) {
    ByName& list = by_identity_[identity(labels)];
    const auto [place, fresh] =
        list.try_emplace(std::string(labels.metric_name()), Found{labels, time_ms});
    if (fresh) {
      return;
    }
    Found& known = place->second;
    if (known.time_ms == time_ms) {
      conflict_ = "found duplicate series for info metric: existing " + known.labels.to_string() +
                  " @ " + std::to_string(time_ms) + ", new " + labels.to_string() + " @ " +
                  std::to_string(time_ms);
    } else if (known.time_ms < time_ms) {
      known = {labels, time_ms};
    }
  }

  // Null when there are none, and for series that nothing identifies.
  const ByName* of(const model::Labels& labels) const {
    const std::string key = identity(labels);
    const auto found = by_identity_.find(key);
    return found == by_identity_.end() || key.size() < kIdentifying.size() + 1 ? nullptr
                                                                               : &found->second;
  }

  const std::string& conflict() const { return conflict_; }

 private:
  static std::string identity(const model::Labels& labels) {
    std::string key;
    for (const std::string_view name : kIdentifying) {
      key += labels.get(name);
      key += '\xff';
    }
    return key;
  }

  std::map<std::string, ByName> by_identity_;
  std::string conflict_;
};

base::Status enrich(Element& element, const InfoSeries::ByName& infos, const Wanted& wanted) {
  std::map<std::string_view, std::string_view> added;
  for (const auto& [name, info] : infos) {
    for (const model::Label& label : info.labels) {
      const std::string_view key = label.name.view();
      if (!wanted.takes(key) || element.labels.has(key)) {
        continue;
      }
      const auto [place, fresh] = added.try_emplace(key, label.value.view());
      if (!fresh && place->second != label.value.view()) {
        return base::Error(base::ErrorCode::kInvalidInput,
                           "conflicting label: " + std::string(key));
      }
    }
  }
  if (!added.empty()) {
    model::LabelsBuilder builder(element.labels);
    for (const auto& [name, value] : added) {
      builder.set(name, value);
    }
    element.labels = builder.build();
  }
  return {};
}

Result<Operand> info(CallFrame& frame) {
  const auto& selector = std::get<Selector>(frame.call.arguments[1]->node);
  const Wanted wanted(selector);
  InfoSeries infos;
  auto read = frame.evaluator.each_sample(
      selector, frame.time_ms,
      [&](const model::Labels& labels, const auto& sample) { infos.add(labels, sample.time_ms); });
  if (!read) {
    return read.error();
  }
  if (!infos.conflict().empty()) {
    return base::Error(base::ErrorCode::kInvalidInput, infos.conflict());
  }
  Elements result;
  for (Element& element : frame.vector(0)) {
    if (!wanted.is_info(element.labels)) {
      const InfoSeries::ByName* found = infos.of(element.labels);
      if (found == nullptr && wanted.required) {
        continue;
      }
      if (found != nullptr) {
        if (auto status = enrich(element, *found, wanted); !status) {
          return status.error();
        }
      }
    }
    result.push_back(std::move(element));
  }
  if (!frame.evaluator.delayed()) {
    if (auto status = frame.evaluator.refuse_duplicates(result); !status) {
      return status.error();
    }
  }
  return Operand(std::move(result));
}

}  // namespace

bool is_info_selector(const Expr& expr) {
  const auto* selector = std::get_if<Selector>(&expr.node);
  return selector != nullptr && selector->of_info;
}

TimeShift info_shift(const Expr& base) {
  TimeShift shift;
  find_shift(base, {}, shift);
  shift.offset_expr = nullptr;  // bind() asks again
  return shift;
}

void complete_info_selector(Selector& selector, const Expr& base) {
  selector.of_info = true;
  bool named = false;
  bool positive = false;
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() == model::kMetricName) {
      named = true;
      positive = positive || !is_negative(matcher);
    }
  }
  if (!positive) {
    const std::string name(model::kMetricName);
    auto matcher = named ? Matcher::make(MatchKind::kRegex, name, ".+_info")
                         : Matcher::make(MatchKind::kEqual, name, std::string(kTargetInfo));
    selector.matchers.push_back(std::move(*matcher));
    selector.implied_matchers = 1;
  }
  selector.shift = info_shift(base);
}

std::vector<Function> info_functions() {
  Function row{"info",
               {ValueType::kVector, ValueType::kVector},
               1,
               ValueType::kVector,
               GeneralFunction(&info),
               "adds the labels of info series with the same instance and job; {…} says which"};
  row.experimental = true;
  return {std::move(row)};
}

}  // namespace tocsin::promql
