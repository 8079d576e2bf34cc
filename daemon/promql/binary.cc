#include "promql/binary.h"

#include <cmath>
#include <limits>
#include <string>
#include <unordered_set>
#include <utility>

#include "promql/arithmetic.h"
#include "promql/evaluator.h"
#include "promql/signature.h"

namespace tocsin::promql {
namespace {

using base::Result;

base::Error failed(std::string message) {
  return {base::ErrorCode::kInvalidInput, std::move(message)};
}

// Whether the result is a number of its own and no longer the metric that went in.
bool drops_name(const Binary& binary) {
  return binary.return_bool ||
         (!is_comparison(binary.op) && !is_set_operator(binary.op) && !is_trim(binary.op));
}

void note(Evaluator& evaluator, const Expr& expr, const Binary& binary, Notes notes,
          const Element& left) {
  if (!notes.empty()) {
    annotate(evaluator.notes(), notes, expr.span,
             {left.labels.metric_name(), to_string(binary.op)});
  }
}

Result<Operand> with_scalar(Evaluator& evaluator, const Expr& expr, Elements elements,
                            double scalar, bool scalar_left) {
  const auto& binary = std::get<Binary>(expr.node);
  const bool filter = is_comparison(binary.op) && !binary.return_bool;
  std::size_t kept = 0;
  for (Element& element : elements) {
    Notes notes;
    auto result = scalar_left ? calculate(binary.op, scalar, element.number(), notes)
                              : calculate(binary.op, element.number(), scalar, notes);
    note(evaluator, expr, binary, notes, element);
    if (!result || (filter && result->value == 0)) {
      continue;
    }
    if (!filter) {
      element.set(std::move(*result));
    }
    if (&elements[kept] != &element) {
      elements[kept] = std::move(element);
    }
    ++kept;
  }
  elements.resize(kept);
  if (drops_name(binary)) {
    const Expr& vector_side = scalar_left ? *binary.right : *binary.left;
    auto status =
        evaluator.drop_names(elements, has_one_name(vector_side), Evaluator::Names::kSettled);
    if (!status) {
      return status.error();
    }
  }
  return Operand(std::move(elements));
}

Grouping& grouping_of(Evaluator& evaluator, const Binary& binary) {
  return evaluator.grouping(&binary, binary.matching.on, binary.matching.labels);
}

// and, or, unless.
Result<Operand> set_operation(Evaluator& evaluator, const Binary& binary, Elements left,
                              Elements right) {
  Grouping& grouping = grouping_of(evaluator, binary);
  Signature& signature = grouping.signature;
  IdMap<bool>& seen = grouping.matched;
  seen.clear();
  if (binary.op == BinaryOp::kOr) {
    for (const Element& element : left) {
      seen.try_emplace(signature.id(element.labels), true);
    }
    const bool both = !left.empty() && !right.empty();
    for (Element& element : right) {
      if (seen.find(signature.id(element.labels)) == nullptr) {
        left.push_back(std::move(element));
      }
    }
    if (both && !evaluator.delayed()) {
      if (auto status = evaluator.refuse_duplicates(left); !status) {
        return status.error();
      }
    }
    return Operand(std::move(left));
  }
  for (const Element& element : right) {
    seen.try_emplace(signature.id(element.labels), true);
  }
  const bool wanted = binary.op == BinaryOp::kAnd;
  std::erase_if(left, [&](const Element& element) {
    return (seen.find(signature.id(element.labels)) != nullptr) != wanted;
  });
  return Operand(std::move(left));
}

class Matcher {
 public:
  Matcher(Evaluator& evaluator, const Expr& expr)
      : evaluator_(evaluator),
        expr_(expr),
        binary_(std::get<Binary>(expr.node)),
        grouping_(grouping_of(evaluator, binary_)),
        signature_(grouping_.signature) {}

  Result<Operand> run(Elements left, Elements right) {
    // From here on "one" is the side whose elements have to be unique, "many" the other.
    swapped_ = binary_.matching.cardinality == Cardinality::kOneToMany;
    if (swapped_) {
      std::swap(left, right);
    }
    IdMap<std::size_t>& ones = grouping_.places;
    ones.clear();
    grouping_.matched.clear();
    for (std::size_t i = 0; i < right.size(); ++i) {
      const auto [place, fresh] = ones.try_emplace(signature_.id(right[i].labels), i);
      if (!fresh) {
        return duplicate(right[i], right[place]);
      }
    }
    Elements result;
    result.reserve(left.size());
    for (const Element& many : left) {
      const Signature::Id id = signature_.id(many.labels);
      const std::size_t* one = ones.find(id);
      if (one == nullptr) {
        continue;
      }
      if (auto status = add(many, right[*one], id, result); !status) {
        return status.error();
      }
    }
    return Operand(std::move(result));
  }

 private:
  base::Error duplicate(const Element& one, const Element& other) const {
    return failed("found duplicate series for the match group " +
                  signature_.labels_of(one.labels).to_string() + " on the " +
                  (swapped_ ? "left" : "right") + " hand-side of the operation: [" +
                  one.labels.to_string() + ", " + other.labels.to_string() +
                  "];many-to-many matching not allowed: matching labels must be unique on one "
                  "side");
  }

  base::Status add(const Element& many, const Element& one, Signature::Id id, Elements& result) {
    const bool one_to_one = binary_.matching.cardinality == Cardinality::kOneToOne;
    if (one_to_one && !grouping_.matched.try_emplace(id, true).second) {
      return failed(
          "multiple matches for labels: many-to-one matching must be explicit "
          "(group_left/group_right)");
    }
    const Element& left = swapped_ ? one : many;
    const Element& right = swapped_ ? many : one;
    Notes notes;
    auto number = calculate(binary_.op, left.number(), right.number(), notes);
    note(evaluator_, expr_, binary_, notes, left);
    if (!number) {
      return {};
    }
    if (is_comparison(binary_.op) && !binary_.return_bool) {
      if (number->value == 0) {
        return {};
      }
      number = left.number();
    }
    Element element = labelled(many, one, id);
    element.set(std::move(*number));
    if (!one_to_one && !results_.insert(element.labels).second) {
      return failed("multiple matches for labels: grouping labels must ensure unique matches");
    }
    result.push_back(std::move(element));
    return {};
  }

  // The labels of a result: those of the "many" side, less what matching takes away, plus what
  // group_left or group_right copies from the other.
  Element labelled(const Element& many, const Element& one, Signature::Id id) {
    Element element;
    const VectorMatching& matching = binary_.matching;
    const bool drop = drops_name(binary_);
    element.drop_name = many.drop_name || drop;
    if (matching.cardinality == Cardinality::kOneToOne) {
      if (matching.on) {
        element.labels = signature_.labels_of(id, many.labels, drop && !evaluator_.delayed());
        return element;
      }
      element.labels = one_to_one_ignoring(many, id);
    } else {
      element.labels = with_included(many, one);
      for (const std::string& label : matching.include) {
        element.drop_name = element.drop_name && label != model::kMetricName;
      }
    }
    element.drop_name = element.drop_name && evaluator_.delayed();
    return element;
  }

  model::Labels one_to_one_ignoring(const Element& many, Signature::Id id) {
    if (drops_name(binary_) && !evaluator_.delayed()) {
      return signature_.labels_of(id, many.labels);
    }
    if (binary_.matching.labels.empty()) {
      return many.labels;
    }
    model::LabelsBuilder builder(many.labels);
    for (const std::string& label : binary_.matching.labels) {
      builder.remove(label);
    }
    return builder.build();
  }

  model::Labels with_included(const Element& many, const Element& one) {
    const bool drop = drops_name(binary_) && !evaluator_.delayed();
    if (!drop && binary_.matching.include.empty()) {
      return many.labels;
    }
    if (grouping_.remember) {
      const auto known = grouping_.joined.find(many.labels);
      if (known != grouping_.joined.end() && known->second.one == one.labels) {
        return known->second.result;
      }
    }
    model::LabelsBuilder builder(many.labels);
    if (drop) {
      builder.remove(model::kMetricName);
    }
    for (const std::string& label : binary_.matching.include) {
      builder.set(label, one.labels.get(label));
    }
    model::Labels result = builder.build();
    if (grouping_.remember) {
      grouping_.joined[many.labels] = {one.labels, result};
    }
    return result;
  }

  Evaluator& evaluator_;
  const Expr& expr_;
  const Binary& binary_;
  Grouping& grouping_;
  Signature& signature_;
  bool swapped_ = false;
  std::unordered_set<model::Labels, model::LabelsHash> results_;
};

}  // namespace

Result<Operand> combine(Evaluator& evaluator, const Expr& expr, Operand left, Operand right) {
  const auto& binary = std::get<Binary>(expr.node);
  const auto* left_scalar = std::get_if<double>(&left);
  const auto* right_scalar = std::get_if<double>(&right);
  if (left_scalar != nullptr && right_scalar != nullptr) {
    return Operand(apply(binary.op, *left_scalar, *right_scalar));
  }
  if (left_scalar != nullptr) {
    return with_scalar(evaluator, expr, std::move(std::get<Elements>(right)), *left_scalar, true);
  }
  if (right_scalar != nullptr) {
    return with_scalar(evaluator, expr, std::move(std::get<Elements>(left)), *right_scalar, false);
  }
  auto& left_elements = std::get<Elements>(left);
  auto& right_elements = std::get<Elements>(right);
  if (is_set_operator(binary.op)) {
    return set_operation(evaluator, binary, std::move(left_elements), std::move(right_elements));
  }
  if (left_elements.empty() || right_elements.empty()) {
    return Operand(Elements{});
  }
  return Matcher(evaluator, expr).run(std::move(left_elements), std::move(right_elements));
}

}  // namespace tocsin::promql
