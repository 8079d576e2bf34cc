#include "journal/committer.h"

#include <algorithm>
#include <utility>

#include "async/deadline.h"

namespace tocsin::journal {
namespace {

constexpr base::Duration kTaskLimit = std::chrono::seconds(1);

/// Whether this failure lies in the records, so that repeating cannot help.
bool lies_in_records(const base::Error& error) {
  return error.code() == base::ErrorCode::kLimitExceeded ||
         error.code() == base::ErrorCode::kInvalidInput;
}

}  // namespace

Committer::Committer(boost::asio::any_io_executor executor, Parts parts, CommitterOptions options,
                     CommitterHooks hooks)
    : parts_(parts),
      options_(options),
      hooks_(std::move(hooks)),
      backoff_(options.retry),
      filled_(executor),
      drained_(executor),
      retry_now_(executor),
      tasks_(executor, [this](const std::string&, const std::string& what) {
        if (hooks_.on_error) {
          hooks_.on_error(what);
        }
      }) {}

void Committer::start() {
  tasks_.spawn("committer: write", write_loop());
  tasks_.spawn("committer: release", release_loop());
}

void Committer::commit(std::vector<model::Record> records, Effect effect) {
  records_ += records.size();
  entries_.push_back({std::move(records), std::move(effect), parts_.clock.monotonic_now()});
  bound_backlog();
  filled_.notify();
}

/// Gives up the oldest inputs whose effects have run and that are not being written.
void Committer::bound_backlog() {
  while (records_ > options_.max_backlog && released_ > in_flight_) {
    const auto oldest = entries_.begin() + static_cast<std::ptrdiff_t>(in_flight_);
    records_ -= oldest->records.size();
    given_up_ += oldest->records.size();
    entries_.erase(oldest);
    --released_;
  }
}

std::vector<model::Record> Committer::take_batch() {
  std::vector<model::Record> batch;
  in_flight_ = 0;
  const std::size_t most = one_by_one_ > 0 ? 1 : entries_.size();
  for (; in_flight_ < most; ++in_flight_) {
    const auto& records = entries_[in_flight_].records;
    if (in_flight_ > 0 && batch.size() + records.size() > options_.max_batch) {
      break;
    }
    // Copied, because a journal that refuses does not give them back.
    batch.insert(batch.end(), records.begin(), records.end());
  }
  return batch;
}

void Committer::settle(std::size_t count, std::uint64_t last_sequence) {
  last_sequence_ = last_sequence;
  std::size_t behind = 0;
  for (std::size_t i = 0; i < count; ++i) {
    behind += entries_[i].records.size();
  }
  for (std::size_t i = 0; i < count; ++i) {
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    records_ -= entry.records.size();
    behind -= entry.records.size();
    released_ -= std::min<std::size_t>(released_, 1);
    if (entry.effect) {
      entry.effect({.durable = true, .sequence = last_sequence - behind});
    }
  }
  one_by_one_ -= std::min(one_by_one_, count);
  note_recovery();
}

void Committer::note_recovery() {
  if (!entries_.empty()) {
    return;
  }
  drained_.notify();
  if (std::exchange(degraded_, false) && hooks_.on_recovered) {
    hooks_.on_recovered(given_up_ - std::exchange(given_up_before_, given_up_));
  }
}

void Committer::give_up_front(const base::Error& why) {
  if (released_ == 0) {
    release_next();
  }
  records_ -= entries_.front().records.size();
  given_up_ += entries_.front().records.size();
  entries_.pop_front();
  --released_;
  one_by_one_ -= std::min<std::size_t>(one_by_one_, 1);
  if (hooks_.on_unwritable) {
    hooks_.on_unwritable(why.to_string());
  }
  note_recovery();
}

async::Task<> Committer::write_loop() {
  while (true) {
    while (entries_.empty()) {
      const base::Status woken = co_await filled_.wait();
      if (!woken) {
        co_return;
      }
    }
    std::vector<model::Record> batch = take_batch();
    base::Result<std::uint64_t> written = last_sequence_;
    if (!batch.empty()) {
      written = co_await parts_.journal.append(std::move(batch));
    }
    const std::size_t count = std::exchange(in_flight_, 0);
    if (written) {
      backoff_.reset();
      settle(count, *written);
      continue;
    }
    if (written.error().code() == base::ErrorCode::kCancelled) {
      co_return;
    }
    last_error_ = written.error().to_string();
    if (lies_in_records(written.error())) {
      if (count == 1) {
        give_up_front(written.error());
      } else {
        one_by_one_ = count;
      }
      continue;
    }
    const base::MonotonicTime again = parts_.clock.monotonic_now() + backoff_.next(parts_.random);
    const base::Status waited =
        co_await async::with_deadline(parts_.timers, again, retry_now_.wait());
    if (!waited && waited.error().code() == base::ErrorCode::kCancelled) {
      co_return;
    }
  }
}

void Committer::degrade() {
  if (!std::exchange(degraded_, true) && hooks_.on_degraded) {
    hooks_.on_degraded(last_error_.empty() ? "the journal does not answer" : last_error_);
  }
}

void Committer::heard(bool answers) {
  if (answers) {
    note_recovery();
  } else {
    degrade();
  }
}

void Committer::release_next() {
  Effect effect = std::move(entries_[released_].effect);
  entries_[released_].effect = nullptr;
  ++released_;
  if (effect) {
    effect({.durable = false, .sequence = 0});
  }
}

async::Task<> Committer::release_loop() {
  while (true) {
    if (released_ >= entries_.size()) {
      const base::Status woken = co_await filled_.wait();
      if (!woken) {
        co_return;
      }
      continue;
    }
    const base::MonotonicTime due = entries_[released_].queued + options_.grace;
    if (!degraded_ && due > parts_.clock.monotonic_now()) {
      const base::Status slept = co_await parts_.timers.sleep_until(due);
      if (!slept) {
        co_return;
      }
      continue;
    }
    degrade();
    release_next();
    bound_backlog();
  }
}

async::Task<base::Status> Committer::flush(base::MonotonicTime deadline) {
  retry_now_.notify();
  while (!entries_.empty()) {
    if (parts_.clock.monotonic_now() >= deadline) {
      co_return base::Error(base::ErrorCode::kTimeout,
                            "journal: " + std::to_string(entries_.size()) +
                                " inputs are not written: " + last_error_);
    }
    const base::Status drained =
        co_await async::with_deadline(parts_.timers, deadline, drained_.wait());
    if (!drained && drained.error().code() == base::ErrorCode::kCancelled) {
      co_return drained.error();
    }
  }
  co_return base::Status{};
}

async::Task<base::Status> Committer::stop(base::MonotonicTime deadline) {
  base::Status flushed = co_await flush(deadline);
  while (released_ < entries_.size()) {
    release_next();
  }
  co_await tasks_.stop(parts_.timers, parts_.clock, kTaskLimit);
  co_return flushed;
}

}  // namespace tocsin::journal
