#include "sources/schedule.h"

#include <algorithm>

#include "base/hash.h"

namespace tocsin::sources {

namespace {

using std::chrono::nanoseconds;

/// FNV leaves similar ids close together in the high bits; this spreads them (the finalizer of
/// MurmurHash3).
constexpr std::uint64_t mix(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

nanoseconds within(std::uint64_t place, nanoseconds span) {
  return nanoseconds(static_cast<std::int64_t>(place % static_cast<std::uint64_t>(span.count())));
}

}  // namespace

Schedule Schedule::of(base::MonotonicTime start, base::Duration interval, std::string_view id) {
  return {.start = start,
          .interval = std::max<base::Duration>(interval, base::Duration(1)),
          .place = mix(base::fnv1a(id))};
}

base::MonotonicTime Schedule::first(base::MonotonicTime now) const {
  const nanoseconds span = std::min<nanoseconds>(interval, std::chrono::seconds(1));
  return now + within(place, span);
}

Schedule::Next Schedule::next(base::MonotonicTime previous, base::MonotonicTime now) const {
  const nanoseconds step = interval;
  const base::MonotonicTime origin = start + within(place, step);
  // The first slot that is half an interval or more after the previous poll; a poll on the grid
  // is followed by the next slot.
  const nanoseconds since = previous + step / 2 - origin;
  const std::int64_t slot =
      since.count() <= 0 ? 0 : (since.count() + step.count() - 1) / step.count();
  Next next{.when = origin + slot * step};
  if (next.when <= now) {
    const std::int64_t passed = (now - next.when) / step + 1;
    next.missed = static_cast<std::uint64_t>(passed);
    next.when += passed * step;
  }
  return next;
}

}  // namespace tocsin::sources
