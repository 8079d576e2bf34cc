#include "routing/outbox.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "base/text.h"
#include "model/clock_step.h"
#include "model/payload.h"

namespace tocsin::routing {
namespace {

constexpr std::size_t kMaxReasonBytes = 500;

model::Record make_record(base::WallTime now, std::string_view type, const Pending& pending,
                          boost::json::object payload = {}) {
  model::Record record;
  record.type = type;
  record.time = now;
  record.actor = "system";
  record.subject = pending.notice.id;
  record.payload = std::move(payload);
  return record;
}

std::string_view shorten(std::string_view reason) {
  return base::truncate_utf8(reason, kMaxReasonBytes);
}

model::Record refusal(base::WallTime now, const Pending& pending, std::uint64_t attempt,
                      std::string_view reason) {
  return make_record(
      now, "delivery.refused", pending,
      {{"attempt", static_cast<std::int64_t>(attempt)}, {"reason", shorten(reason)}});
}

// Doubles with every failed attempt up to the cap; the upper half is random, so that many notices
// that failed together do not come back together.
base::Duration backoff(const OutboxOptions& options, std::uint64_t failures, base::Random& random) {
  base::Duration delay = std::max(options.first_delay, base::Duration(1));
  for (std::uint64_t doubled = 1; doubled < failures && delay < options.max_delay; ++doubled) {
    delay *= 2;
  }
  delay = std::min(delay, options.max_delay);
  const double share = 0.5 + 0.5 * random.uniform();
  return base::Duration(
      static_cast<base::Duration::rep>(static_cast<double>(delay.count()) * share));
}

base::Result<Pending> pending_from_json(const boost::json::value& json) {
  model::PayloadReader reader(json);
  auto notice = model::notice_from_json(reader.object("notice"));
  if (!notice) {
    return notice.error();
  }
  Pending pending{.notice = *std::move(notice),
                  .attempts = 0,
                  .last_reason = reader.text("last_reason"),
                  .queued = reader.time("queued"),
                  .next_attempt = reader.time("next_attempt")};
  const std::int64_t attempts = reader.integer("attempts");
  pending.attempts = static_cast<std::uint64_t>(attempts);
  if (!reader.intact() || attempts < 0 || pending.notice.id.empty()) {
    return reader.malformed("queued notice");
  }
  return pending;
}

}  // namespace

Outbox::Outbox(OutboxOptions options) : options_(options) {}

// Within a lane only the first notice may go out: nobody is to read "resolved" before "firing".
// The walk gives up what is too old until it meets one that is not. Of too many the oldest go.
OutboxDecision Outbox::decide_due(base::WallTime now) const {
  OutboxDecision decision;
  if (options_.shadow) {
    for (const auto& [order, pending] : queue_) {
      if (!in_flight_.contains(pending.notice.id)) {
        decision.records.push_back(make_record(now, "notice.withheld", pending));
      }
    }
    return decision;
  }
  std::set<std::uint64_t> gone;
  const auto give_up = [&](std::uint64_t order, std::string reason) {
    const Pending& pending = queue_.at(order);
    if (!pending.last_reason.empty()) {
      reason += ", last failure: " + pending.last_reason;
    }
    gone.insert(order);
    decision.given_up.push_back(pending.notice.id + " to " + pending.notice.receiver + ": " +
                                reason);
    decision.records.push_back(refusal(now, pending, pending.attempts, reason));
  };
  for (auto entry = queue_.begin();
       entry != queue_.end() && queue_.size() - gone.size() > options_.max_notices; ++entry) {
    if (!in_flight_.contains(entry->second.notice.id)) {
      give_up(entry->first,
              "given up, because over " + std::to_string(options_.max_notices) + " notices wait");
    }
  }
  std::set<std::uint64_t> ready;
  for (const auto& [lane, orders] : lanes_) {
    for (const std::uint64_t order : orders) {
      const Pending& pending = queue_.at(order);
      if (gone.contains(order)) {
        continue;
      }
      if (in_flight_.contains(pending.notice.id)) {
        break;
      }
      if (now >= pending.queued + options_.max_age) {
        give_up(order, "given up after " + base::format_duration(options_.max_age));
        continue;
      }
      if (now >= pending.next_attempt) {
        ready.insert(order);
      }
      break;
    }
  }
  for (const std::uint64_t order : ready) {
    decision.send.push_back(queue_.at(order).notice);
  }
  return decision;
}

OutboxDecision Outbox::decide_outcome(base::WallTime now, std::string_view notice_id,
                                      const DeliveryOutcome& outcome, base::Random& random) const {
  OutboxDecision decision;
  const Pending* pending = find(notice_id);
  if (pending == nullptr) {
    return decision;
  }
  const std::uint64_t attempt = pending->attempts + 1;
  switch (outcome.kind) {
    case DeliveryOutcome::Kind::kDelivered:
      decision.records.push_back(make_record(now, "delivery.delivered", *pending,
                                             {{"attempt", static_cast<std::int64_t>(attempt)}}));
      break;
    case DeliveryOutcome::Kind::kRefused:
      decision.records.push_back(refusal(now, *pending, attempt, outcome.reason));
      break;
    case DeliveryOutcome::Kind::kRetry: {
      base::Duration delay = backoff(options_, attempt, random);
      if (outcome.retry_after) {
        delay = std::max(delay, std::min(*outcome.retry_after, options_.max_retry_after));
      }
      decision.records.push_back(make_record(now, "delivery.failed", *pending,
                                             {{"attempt", static_cast<std::int64_t>(attempt)},
                                              {"reason", shorten(outcome.reason)},
                                              {"next_attempt", base::to_millis(now + delay)}}));
      break;
    }
  }
  return decision;
}

OutboxDecision Outbox::decide_unroutable(base::WallTime now, std::string_view notice_id,
                                         const std::string& reason) const {
  OutboxDecision decision;
  if (const Pending* pending = find(notice_id); pending != nullptr) {
    decision.records.push_back(refusal(now, *pending, pending->attempts, reason));
  }
  return decision;
}

base::Status Outbox::apply(const model::Record& record) {
  const auto step = model::apply_clock_step(record, [this](base::Duration by) { shift(by); });
  if (step) {
    return *step;
  }
  if (!record.type.starts_with("notice.") && !record.type.starts_with("delivery.")) {
    return {};
  }
  if (record.version != 1) {
    return model::PayloadReader::malformed(record.type + " of an unknown version");
  }
  if (record.type == "notice.queued") {
    return apply_queued(record);
  }
  if (record.type == "delivery.failed") {
    return apply_failed(record);
  }
  if (record.type == "delivery.delivered" || record.type == "delivery.refused" ||
      record.type == "notice.withheld") {
    remove(record.subject);
    return {};
  }
  return model::PayloadReader::malformed("record of the unknown type " + record.type);
}

base::Status Outbox::apply_queued(const model::Record& record) {
  auto notice = model::notice_from_json(record.payload);
  if (!notice) {
    return notice.error();
  }
  if (notice->id.empty() || notice->id != record.subject) {
    return model::PayloadReader::malformed("queued notice");
  }
  if (!by_id_.contains(notice->id)) {
    insert({.notice = *std::move(notice),
            .attempts = 0,
            .last_reason = "",
            .queued = record.time,
            .next_attempt = record.time});
  }
  return {};
}

base::Status Outbox::apply_failed(const model::Record& record) {
  model::PayloadReader reader(record.payload);
  const std::int64_t attempt = reader.integer("attempt");
  std::string reason = reader.text("reason");
  const base::WallTime next_attempt = reader.time("next_attempt");
  if (!reader.intact() || attempt < 1) {
    return reader.malformed("failed delivery");
  }
  if (const auto order = by_id_.find(record.subject); order != by_id_.end()) {
    Pending& pending = queue_.at(order->second);
    pending.attempts = static_cast<std::uint64_t>(attempt);
    pending.last_reason = std::move(reason);
    pending.next_attempt = next_attempt;
    clear_in_flight(record.subject);
  }
  return {};
}

Outbox::Lane Outbox::lane_of(const model::Notice& notice) {
  return {notice.receiver, notice.integration, notice.group_key};
}

void Outbox::insert(Pending pending) {
  const std::uint64_t order = ++last_order_;
  by_id_[pending.notice.id] = order;
  lanes_[lane_of(pending.notice)].push_back(order);
  queue_[order] = std::move(pending);
}

void Outbox::remove(const std::string& notice_id) {
  const auto known = by_id_.find(notice_id);
  if (known == by_id_.end()) {
    return;
  }
  const std::uint64_t order = known->second;
  const auto lane = lanes_.find(lane_of(queue_.at(order).notice));
  std::erase(lane->second, order);
  if (lane->second.empty()) {
    lanes_.erase(lane);
  }
  queue_.erase(order);
  by_id_.erase(known);
  clear_in_flight(notice_id);
}

void Outbox::mark_in_flight(std::string_view notice_id) {
  if (by_id_.contains(notice_id)) {
    in_flight_.emplace(notice_id);
  }
}

void Outbox::clear_in_flight(std::string_view notice_id) {
  if (const auto found = in_flight_.find(notice_id); found != in_flight_.end()) {
    in_flight_.erase(found);
  }
}

void Outbox::note_arrival(std::string_view notice_id, base::MonotonicTime arrival) {
  if (const auto found = by_id_.find(notice_id); found != by_id_.end()) {
    queue_.at(found->second).notice.sample_arrival = arrival;
  }
}

void Outbox::shift(base::Duration by) {
  for (auto& [order, pending] : queue_) {
    pending.queued += by;
    pending.next_attempt += by;
  }
}

boost::json::object Outbox::save() const {
  boost::json::array queue;
  for (const auto& [order, pending] : queue_) {
    queue.push_back(boost::json::object{{"notice", model::to_json(pending.notice)},
                                        {"attempts", static_cast<std::int64_t>(pending.attempts)},
                                        {"last_reason", pending.last_reason},
                                        {"queued", base::to_millis(pending.queued)},
                                        {"next_attempt", base::to_millis(pending.next_attempt)}});
  }
  return {{"queue", std::move(queue)}};
}

base::Status Outbox::load(const boost::json::value& json) {
  model::PayloadReader reader(json);
  Outbox loaded(options_);
  for (const auto& element : reader.array("queue")) {
    auto pending = pending_from_json(element);
    if (!pending) {
      return pending.error();
    }
    if (loaded.by_id_.contains(pending->notice.id)) {
      return reader.malformed("outbox: a notice stands there twice");
    }
    loaded.insert(*std::move(pending));
  }
  if (!reader.intact()) {
    return reader.malformed("outbox");
  }
  *this = std::move(loaded);
  return {};
}

std::optional<base::WallTime> Outbox::next_deadline() const {
  std::optional<base::WallTime> next;
  for (const auto& [lane, orders] : lanes_) {
    const Pending& first = queue_.at(orders.front());
    if (in_flight_.contains(first.notice.id)) {
      continue;
    }
    const base::WallTime due = options_.shadow
                                   ? first.queued
                                   : std::min(first.next_attempt, first.queued + options_.max_age);
    next = next ? std::min(*next, due) : due;
  }
  return next;
}

const Pending* Outbox::find(std::string_view notice_id) const {
  const auto found = by_id_.find(notice_id);
  return found == by_id_.end() ? nullptr : &queue_.at(found->second);
}

bool Outbox::has_later(std::string_view notice_id) const {
  const auto found = by_id_.find(notice_id);
  return found != by_id_.end() &&
         lanes_.at(lane_of(queue_.at(found->second).notice)).back() != found->second;
}

OutboxStats Outbox::stats() const {
  OutboxStats stats;
  stats.pending = queue_.size();
  stats.in_flight = in_flight_.size();
  for (const auto& [order, pending] : queue_) {
    stats.oldest = stats.oldest ? std::min(*stats.oldest, pending.queued) : pending.queued;
  }
  return stats;
}

std::vector<const Pending*> Outbox::pending() const {
  std::vector<const Pending*> list;
  list.reserve(queue_.size());
  for (const auto& [order, pending] : queue_) {
    list.push_back(&pending);
  }
  return list;
}

}  // namespace tocsin::routing
