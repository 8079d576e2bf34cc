#include "promql/budget.h"

#include <algorithm>

namespace tocsin::promql {

base::Status Budget::take(std::size_t count) {
  held_ += count;
  peak_ = std::max(peak_, held_);
  if (held_ > limit_) {
    return base::Error(base::ErrorCode::kLimitExceeded,
                       "query processing would load too many samples into memory in query "
                       "execution");
  }
  return {};
}

base::Status Budget::look() const {
  if (interrupt_ == nullptr) {
    return {};
  }
  switch (interrupt_->reason()) {
    case Interrupt::Reason::kCancelled:
      return base::Error(base::ErrorCode::kCancelled,
                         "query was canceled in expression evaluation");
    case Interrupt::Reason::kTimedOut:
      return base::Error(base::ErrorCode::kTimeout, "query timed out in expression evaluation");
    case Interrupt::Reason::kNone:
      break;
  }
  return {};
}

}  // namespace tocsin::promql
