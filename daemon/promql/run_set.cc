#include <algorithm>
#include <utility>
#include <vector>

#include "promql/operators.h"
#include "promql/signature.h"

/// and, or, unless.
namespace tocsin::promql {
namespace {

using base::Result;

/// At which steps there is an element of each signature.
class Presence {
 public:
  Presence(const VectorMatching& matching, std::size_t steps)
      : signature_(matching.on, matching.labels, false), steps_(steps) {}

  Signature::Id id_of(const Run& run, const Column& column) {
    return signature_.id(column.labels, run.name_gone(column.drop_name));
  }
  void add(Signature::Id id, const Column& column) {
    seen_.resize(std::max(seen_.size(), (id + 1) * steps_));
    for (std::size_t i = 0; i < steps_; ++i) {
      if (is_present(column.values[i])) {
        seen_[id * steps_ + i] = true;
      }
    }
  }
  bool has(Signature::Id id, std::size_t step) const {
    const std::size_t at = id * steps_ + step;
    return at < seen_.size() && seen_[at];
  }
  /// Takes away the values at steps where the signature is there, or where it is not.
  void filter(Signature::Id id, Column& column, bool wanted) const {
    for (std::size_t i = 0; i < steps_; ++i) {
      if (is_present(column.values[i]) && has(id, i) != wanted) {
        column.erase(i);
      }
    }
  }

 private:
  Signature signature_;
  std::size_t steps_;
  std::vector<bool> seen_;  // by signature and step
};

/// `and` and `unless`: the right side is known before the left one streams by.
class FilterStream final : public Stream {
 public:
  FilterStream(Run& run, const Binary& binary, Presence right, StreamPtr left)
      : run_(run),
        wanted_(binary.op == BinaryOp::kAnd),
        right_(std::move(right)),
        left_(std::move(left)) {}

  Result<bool> next(Column& column) override {
    auto more = left_->next(column);
    if (more && *more) {
      right_.filter(right_.id_of(run_, column), column, wanted_);
    }
    return more;
  }

 private:
  Run& run_;
  bool wanted_;
  Presence right_;
  StreamPtr left_;
};

/// `or`: the left side, then what the right one adds.
class OrStream final : public Stream {
 public:
  OrStream(Run& run, Presence left_seen, StreamPtr left, StreamPtr right)
      : run_(run),
        left_seen_(std::move(left_seen)),
        left_(std::move(left)),
        right_(std::move(right)) {}

  Result<bool> next(Column& column) override {
    if (left_) {
      auto more = left_->next(column);
      if (!more) {
        return more;
      }
      if (*more) {
        left_seen_.add(left_seen_.id_of(run_, column), column);
        return true;
      }
      left_.reset();
    }
    auto more = right_->next(column);
    if (more && *more) {
      left_seen_.filter(left_seen_.id_of(run_, column), column, false);
    }
    return more;
  }

 private:
  Run& run_;
  Presence left_seen_;
  StreamPtr left_;
  StreamPtr right_;
};

base::Status add_all(Run& run, Stream& stream, Presence& seen) {
  return each_column(run, stream, [&](const Column& column) -> base::Status {
    seen.add(seen.id_of(run, column), column);
    return {};
  });
}

}  // namespace

Result<StreamPtr> open_set(Run& run, const PlanNode& node) {
  const auto& binary = std::get<Binary>(node.expr->node);
  auto left = run.open(node.inputs[0], node.frame);
  if (!left) {
    return left.error();
  }
  auto right = run.open(node.inputs[1], node.frame);
  if (!right) {
    return right.error();
  }
  Presence seen(binary.matching, run.grid(node).size());
  if (binary.op == BinaryOp::kOr) {
    return run.checked(node, std::make_unique<OrStream>(run, std::move(seen), std::move(*left),
                                                        std::move(*right)));
  }
  if (auto status = add_all(run, **right, seen); !status) {
    return status.error();
  }
  return StreamPtr(std::make_unique<FilterStream>(run, binary, std::move(seen), std::move(*left)));
}

}  // namespace tocsin::promql
