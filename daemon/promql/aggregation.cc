#include "promql/aggregation.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/accumulators.h"
#include "promql/evaluator.h"
#include "promql/signature.h"

namespace tocsin::promql {
namespace {

using base::Result;

base::Error failed(std::string message) {
  return {base::ErrorCode::kInvalidInput, std::move(message)};
}

// What one group has seen so far.
struct Group {
  Group(AggregateOp op, double parameter) : accumulator(op, parameter) {}

  model::Labels labels;
  bool drop_name = false;
  Accumulator accumulator;
  std::vector<Element> elements;  // topk, bottomk
};

// Whether `a` comes before `b` in the result; NaN is always last.
bool before(double a, double b, bool descending) {
  if (std::isnan(a)) {
    return false;
  }
  return std::isnan(b) || (descending ? a > b : a < b);
}

class Aggregator {
 public:
  Aggregator(Evaluator& evaluator, const Aggregation& aggregation, Grouping& grouping)
      : evaluator_(evaluator),
        aggregation_(aggregation),
        signature_(grouping.signature),
        places_(grouping.places) {
    places_.clear();
  }

  Result<Operand> run(Elements elements, const Operand& parameter) {
    parameter_ = &parameter;
    if (auto status = read_parameter(); !status) {
      return status.error();
    }
    const AggregateOp op = aggregation_.op;
    if (picks_elements() && limit_ < 1) {
      return Operand(Elements{});
    }
    for (Element& element : elements) {
      if (op == AggregateOp::kCountValues) {
        count_value(element);
      } else {
        add(group_of(element), element);
      }
    }
    return Operand(finish());
  }

 private:
  base::Status read_parameter() {
    if (const auto* number = std::get_if<double>(parameter_)) {
      number_ = *number;
    }
    switch (aggregation_.op) {
      case AggregateOp::kTopk:
      case AggregateOp::kBottomk:
        return read_limit();
      case AggregateOp::kCountValues: {
        const auto& label = std::get<std::string>(*parameter_);
        if (label.empty() || !base::is_valid_utf8(label)) {
          return failed("invalid label name " + base::quote(label));
        }
        return {};
      }
      case AggregateOp::kQuantile:
        if (!(number_ >= 0 && number_ <= 1)) {
          evaluator_.notes().warn(aggregation_.parameter->span,
                                  "quantile value should be between 0 and 1, got " +
                                      base::format_number_short(number_));
        }
        return {};
      default:
        return {};
    }
  }

  base::Status read_limit() {
    if (std::isnan(number_)) {
      return failed("Parameter value is NaN");
    }
    if (std::fabs(number_) >= 9.2233720368547758e18) {
      return failed("Scalar value " + base::format_number_short(number_) +
                    (number_ > 0 ? " overflows int64" : " underflows int64"));
    }
    limit_ = static_cast<std::int64_t>(number_);
    return {};
  }

  Group& group_of(const Element& element) {
    const bool gone = evaluator_.name_gone(element);
    const Signature::Id id = signature_.id(element.labels, gone);
    const auto [place, fresh] = places_.try_emplace(id, groups_.size());
    if (fresh) {
      groups_.emplace_back(aggregation_.op, number_).labels =
          signature_.labels_of(id, element.labels, gone);
    }
    Group& group = groups_[place];
    group.drop_name = group.drop_name || (element.drop_name && !gone);
    return group;
  }

  // The value takes its label's place before anything is grouped: `by` always keeps that label,
  // `without` may name it.
  void count_value(Element& element) {
    const auto& name = std::get<std::string>(*parameter_);
    const bool gone = evaluator_.name_gone(element);
    const std::string printed = element.histogram ? model::to_string(*element.histogram)
                                                  : base::format_number(element.value);
    const model::Labels valued = model::LabelsBuilder(element.labels).set(name, printed).build();
    model::Labels labels = signature_.labels_of(valued, gone);
    if (!aggregation_.without) {
      labels = model::LabelsBuilder(labels).set(name, printed).build();
    }
    const auto [place, fresh] = counted_.try_emplace(labels, groups_.size());
    if (fresh) {
      groups_.emplace_back(aggregation_.op, number_).labels = labels;
    }
    Group& group = groups_[place->second];
    group.drop_name = group.drop_name || (element.drop_name && !gone);
    add(group, element);
  }

  void add(Group& group, Element& element) {
    Notes notes;
    if (!picks_elements()) {
      group.accumulator.add(element.number(), notes);
    } else if (element.histogram) {
      notes.add(Note::kIgnoredInAggregation);
    } else {
      keep_best(group, element);
    }
    note(notes, element.labels.metric_name());
  }

  bool picks_elements() const {
    return aggregation_.op == AggregateOp::kTopk || aggregation_.op == AggregateOp::kBottomk;
  }

  void note(Notes notes, std::string_view metric) {
    if (!notes.empty()) {
      annotate(evaluator_.notes(), notes, aggregation_.inner->span,
               {metric, to_string(aggregation_.op)});
    }
  }

  // A heap whose front is the worst element that was kept. Of equal values the first one stays.
  void keep_best(Group& group, Element& element) const {
    const bool descending = aggregation_.op == AggregateOp::kTopk;
    const auto worse_last = [descending](const Element& a, const Element& b) {
      return before(a.value, b.value, descending);
    };
    auto& heap = group.elements;
    if (static_cast<std::int64_t>(heap.size()) < limit_) {
      heap.push_back(std::move(element));
      std::ranges::push_heap(heap, worse_last);
    } else if (before(element.value, heap.front().value, descending)) {
      std::ranges::pop_heap(heap, worse_last);
      heap.back() = std::move(element);
      std::ranges::push_heap(heap, worse_last);
    }
  }

  Elements finish() {
    Elements result;
    const bool descending = aggregation_.op == AggregateOp::kTopk;
    for (Group& group : groups_) {
      if (!picks_elements()) {
        Notes notes;
        auto number = group.accumulator.result(notes);
        note(notes, {});
        if (number) {
          result.push_back({std::move(group.labels), number->value, group.drop_name,
                            std::move(number->histogram)});
        }
        continue;
      }
      std::ranges::stable_sort(group.elements, [descending](const Element& a, const Element& b) {
        return before(a.value, b.value, descending);
      });
      std::ranges::move(group.elements, std::back_inserter(result));
    }
    return result;
  }

  Evaluator& evaluator_;
  const Aggregation& aggregation_;
  Signature& signature_;
  IdMap<std::size_t>& places_;
  const Operand* parameter_ = nullptr;
  double number_ = 0;
  std::int64_t limit_ = 0;
  std::vector<Group> groups_;
  std::unordered_map<model::Labels, std::size_t, model::LabelsHash> counted_;
};

}  // namespace

Result<Operand> aggregate(Evaluator& evaluator, const Aggregation& aggregation,
                          std::int64_t time_ms) {
  Operand parameter = 0.0;
  if (aggregation.parameter) {
    auto value = evaluator.eval(*aggregation.parameter, time_ms);
    if (!value) {
      return value;
    }
    parameter = std::move(*value);
  }
  // topk and bottomk hand elements on as they are; all others only read labels.
  const bool passes_on =
      aggregation.op == AggregateOp::kTopk || aggregation.op == AggregateOp::kBottomk;
  const auto names = passes_on ? Evaluator::Names::kSettled : Evaluator::Names::kMarked;
  auto inner = evaluator.eval(*aggregation.inner, time_ms, names);
  if (!inner) {
    return inner;
  }
  Grouping& grouping = evaluator.grouping(&aggregation, !aggregation.without, aggregation.labels);
  return Aggregator(evaluator, aggregation, grouping)
      .run(std::move(std::get<Elements>(*inner)), parameter);
}

}  // namespace tocsin::promql
