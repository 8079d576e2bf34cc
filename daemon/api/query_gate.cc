#include "api/query_gate.h"

#include <algorithm>

namespace tocsin::api {

/// Counts who waits, however the wait ends.
struct QueryGate::Waiting {
  explicit Waiting(std::size_t& number) : count(number) { ++count; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --count; }
  std::size_t& count;
};

QueryGate::Place::~Place() {
  if (gate_ != nullptr) {
    --gate_->active_;
    gate_->changed_.notify();
  }
}

QueryGate::QueryGate(boost::asio::any_io_executor executor, std::size_t places)
    : changed_(std::move(executor)), places_(std::max<std::size_t>(places, 1)) {}

async::Task<base::Result<QueryGate::Place>> QueryGate::enter() {
  const Waiting waiting(waiting_);
  while (!closed_ && active_ >= places_) {
    const base::Status woken = co_await changed_.wait();
    if (!woken) {
      co_return woken.error();
    }
  }
  if (closed_) {
    co_return base::Error(base::ErrorCode::kCancelled, "queries are not taken any more");
  }
  co_return Place(*this);
}

void QueryGate::set_places(std::size_t places) {
  places_ = std::max<std::size_t>(places, 1);
  changed_.notify();
}

void QueryGate::close() {
  closed_ = true;
  changed_.notify();
}

}  // namespace tocsin::api
