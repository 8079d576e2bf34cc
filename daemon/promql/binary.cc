#include "promql/binary.h"

#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

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
  return binary.return_bool || (!is_comparison(binary.op) && !is_set_operator(binary.op));
}

Result<Operand> with_scalar(Evaluator& evaluator, const Binary& binary, Elements elements,
                            double scalar, bool scalar_left) {
  const bool filter = is_comparison(binary.op) && !binary.return_bool;
  std::size_t kept = 0;
  for (Element& element : elements) {
    const double result = scalar_left ? apply(binary.op, scalar, element.value)
                                      : apply(binary.op, element.value, scalar);
    if (filter && result == 0) {
      continue;
    }
    if (!filter) {
      element.value = result;
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

// and, or, unless.
Result<Operand> set_operation(Evaluator& evaluator, const Binary& binary, Elements left,
                              Elements right) {
  Signature signature(binary.matching.on, binary.matching.labels);
  std::unordered_set<std::string> keys;
  if (binary.op == BinaryOp::kOr) {
    for (const Element& element : left) {
      keys.insert(signature.key(element.labels));
    }
    const bool both = !left.empty() && !right.empty();
    for (Element& element : right) {
      if (!keys.contains(signature.key(element.labels))) {
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
    keys.insert(signature.key(element.labels));
  }
  const bool wanted = binary.op == BinaryOp::kAnd;
  std::erase_if(left, [&](const Element& element) {
    return keys.contains(signature.key(element.labels)) != wanted;
  });
  return Operand(std::move(left));
}

class Matcher {
 public:
  Matcher(Evaluator& evaluator, const Binary& binary)
      : evaluator_(evaluator),
        binary_(binary),
        signature_(binary.matching.on, binary.matching.labels) {}

  Result<Operand> run(Elements left, Elements right) {
    // From here on "one" is the side whose elements have to be unique, "many" the other.
    swapped_ = binary_.matching.cardinality == Cardinality::kOneToMany;
    if (swapped_) {
      std::swap(left, right);
    }
    std::unordered_map<std::string, const Element*> ones;
    ones.reserve(right.size());
    for (const Element& one : right) {
      const auto [place, fresh] = ones.try_emplace(signature_.key(one.labels), &one);
      if (!fresh) {
        return duplicate(one, *place->second);
      }
    }
    Elements result;
    result.reserve(left.size());
    for (const Element& many : left) {
      const auto one = ones.find(signature_.key(many.labels));
      if (one == ones.end()) {
        continue;
      }
      if (auto status = add(many, *one->second, one->first, result); !status) {
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

  base::Status add(const Element& many, const Element& one, const std::string& key,
                   Elements& result) {
    const bool one_to_one = binary_.matching.cardinality == Cardinality::kOneToOne;
    if (one_to_one && !matched_.insert(key).second) {
      return failed(
          "multiple matches for labels: many-to-one matching must be explicit "
          "(group_left/group_right)");
    }
    const double left = swapped_ ? one.value : many.value;
    const double right = swapped_ ? many.value : one.value;
    double value = apply(binary_.op, left, right);
    if (is_comparison(binary_.op) && !binary_.return_bool) {
      if (value == 0) {
        return {};
      }
      value = left;
    }
    Element element = labelled(many, one);
    element.value = value;
    if (!one_to_one && !results_.insert(element.labels).second) {
      return failed("multiple matches for labels: grouping labels must ensure unique matches");
    }
    result.push_back(std::move(element));
    return {};
  }

  // The labels of a result: those of the "many" side, less what matching takes away, plus what
  // group_left or group_right copies from the other.
  Element labelled(const Element& many, const Element& one) const {
    Element element;
    element.drop_name = many.drop_name;
    const VectorMatching& matching = binary_.matching;
    const bool one_to_one = matching.cardinality == Cardinality::kOneToOne;
    const bool drop = drops_name(binary_);
    if (one_to_one && matching.on) {
      element.labels = signature_.labels_of(many.labels, drop && !evaluator_.delayed());
      element.drop_name = element.drop_name || drop;
      return element;
    }
    model::LabelsBuilder builder(many.labels);
    if (drop) {
      element.drop_name = true;
      if (!evaluator_.delayed()) {
        builder.remove(model::kMetricName);
      }
    }
    if (one_to_one) {
      for (const std::string& label : matching.labels) {
        builder.remove(label);
      }
    }
    for (const std::string& label : matching.include) {
      builder.set(label, one.labels.get(label));
      element.drop_name = element.drop_name && label != model::kMetricName;
    }
    element.labels = builder.build();
    element.drop_name = element.drop_name && evaluator_.delayed();
    return element;
  }

  Evaluator& evaluator_;
  const Binary& binary_;
  Signature signature_;
  bool swapped_ = false;
  std::unordered_set<std::string> matched_;
  std::unordered_set<model::Labels, model::LabelsHash> results_;
};

}  // namespace

double apply(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSubtract:
      return left - right;
    case BinaryOp::kMultiply:
      return left * right;
    case BinaryOp::kDivide:
      return left / right;
    case BinaryOp::kModulo:
      return std::fmod(left, right);
    case BinaryOp::kPower:
      return std::pow(left, right);
    case BinaryOp::kAtan2:
      return std::atan2(left, right);
    case BinaryOp::kEqual:
      return left == right ? 1 : 0;
    case BinaryOp::kNotEqual:
      return left != right ? 1 : 0;
    case BinaryOp::kLess:
      return left < right ? 1 : 0;
    case BinaryOp::kGreater:
      return left > right ? 1 : 0;
    case BinaryOp::kLessEqual:
      return left <= right ? 1 : 0;
    case BinaryOp::kGreaterEqual:
      return left >= right ? 1 : 0;
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

Result<Operand> combine(Evaluator& evaluator, const Binary& binary, Operand left, Operand right) {
  const auto* left_scalar = std::get_if<double>(&left);
  const auto* right_scalar = std::get_if<double>(&right);
  if (left_scalar != nullptr && right_scalar != nullptr) {
    return Operand(apply(binary.op, *left_scalar, *right_scalar));
  }
  if (left_scalar != nullptr) {
    return with_scalar(evaluator, binary, std::move(std::get<Elements>(right)), *left_scalar, true);
  }
  if (right_scalar != nullptr) {
    return with_scalar(evaluator, binary, std::move(std::get<Elements>(left)), *right_scalar,
                       false);
  }
  auto& left_elements = std::get<Elements>(left);
  auto& right_elements = std::get<Elements>(right);
  if (is_set_operator(binary.op)) {
    return set_operation(evaluator, binary, std::move(left_elements), std::move(right_elements));
  }
  if (left_elements.empty() || right_elements.empty()) {
    return Operand(Elements{});
  }
  return Matcher(evaluator, binary).run(std::move(left_elements), std::move(right_elements));
}

}  // namespace tocsin::promql
