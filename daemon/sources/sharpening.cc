#include "sources/sharpening.h"

#include <algorithm>

namespace tocsin::sources {

namespace {

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void Sharpening::add(series::Origin origin, base::Duration interval, bool opted_in,
                     base::MonotonicTime now) {
  remove(origin, now);
  if (interval > base::Duration{0}) {
    Target& target = targets_[origin];
    target.interval = interval;
    target.opted_in = opted_in;
    regular_rate_ += 1 / seconds(interval);
  }
}

void Sharpening::remove(series::Origin origin, base::MonotonicTime now) {
  save(now);
  const auto found = targets_.find(origin);
  if (found != targets_.end()) {
    regular_rate_ = std::max(0.0, regular_rate_ - 1 / seconds(found->second.interval));
    targets_.erase(found);
  }
}

void Sharpening::save(base::MonotonicTime now) {
  const double rate = regular_rate_ * options_.extra_share;
  if (saved_until_ && now > *saved_until_) {
    savings_ += rate * std::chrono::duration<double>(now - *saved_until_).count();
  }
  saved_until_ = now;
  savings_ = std::min(savings_, std::max(1.0, rate * seconds(options_.saving)));
}

base::Duration Sharpening::distance(const Target& target) const {
  return std::max(target.interval / options_.share, options_.shortest);
}

std::optional<base::MonotonicTime> Sharpening::left_alone(const Target& target) {
  return target.failed ? std::optional(*target.failed + target.backoff) : std::nullopt;
}

void Sharpening::poll_ended(series::Origin origin, bool succeeded, bool wanted,
                            base::MonotonicTime now) {
  const auto found = targets_.find(origin);
  if (found == targets_.end() || !found->second.opted_in) {
    return;
  }
  Target& target = found->second;
  target.wanted = wanted;
  if (succeeded) {
    return;
  }
  const bool again = target.failed && now - *target.failed <= options_.max_backoff;
  const auto until = left_alone(target);
  if (!until || now >= *until) {
    target.backoff = again ? std::min(target.backoff * 2, options_.max_backoff) : options_.backoff;
  }
  target.failed = now;
}

std::optional<base::MonotonicTime> Sharpening::extra_poll(series::Origin origin,
                                                          base::MonotonicTime polled,
                                                          base::MonotonicTime regular,
                                                          base::MonotonicTime now) {
  save(now);
  const auto found = targets_.find(origin);
  if (found == targets_.end() || !found->second.wanted || savings_ < 1) {
    return std::nullopt;
  }
  Target& target = found->second;
  const auto until = left_alone(target);
  const base::Duration step = distance(target);
  const base::MonotonicTime when = std::max(polled + step, now);
  // A poll just before the regular one would tell nothing new.
  if ((until && now < *until) || step >= target.interval || regular - when < step / 2) {
    return std::nullopt;
  }
  savings_ -= 1;
  ++target.extra_polls;
  return when;
}

std::optional<Sharpness> Sharpening::look(series::Origin origin, base::MonotonicTime now) const {
  const auto found = targets_.find(origin);
  if (found == targets_.end() || !found->second.opted_in) {
    return std::nullopt;
  }
  const Target& target = found->second;
  Sharpness sharpness{.interval = distance(target), .extra_polls = target.extra_polls};
  const auto until = left_alone(target);
  if (until && now < *until) {
    sharpness.left_alone = std::chrono::ceil<base::Duration>(*until - now);
  }
  sharpness.active = target.wanted && sharpness.left_alone == base::Duration{0} &&
                     sharpness.interval < target.interval;
  return sharpness;
}

}  // namespace tocsin::sources
