#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <utility>

#include "async/event.h"
#include "async/task.h"
#include "base/result.h"

namespace tocsin::api {

/// Lets so many queries run at once; more wait for their turn. Main loop only.
class QueryGate {
 public:
  /// A place among those that run; given back when it goes. The gate outlives it.
  class Place {
   public:
    explicit Place(QueryGate& gate) : gate_(&gate) { ++gate_->active_; }
    Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    QueryGate* gate_;
  };

  QueryGate(boost::asio::any_io_executor executor, std::size_t places);

  /// kCancelled when the task was cancelled or the gate is closed.
  async::Task<base::Result<Place>> enter();
  /// How many run at once from now on; those that run already go on.
  void set_places(std::size_t places);
  /// Nobody enters any more.
  void close();

  std::size_t active() const { return active_; }
  std::size_t waiting() const { return waiting_; }
  std::size_t places() const { return places_; }

 private:
  struct Waiting;
  async::Event changed_;
  std::size_t places_;
  std::size_t active_ = 0;
  std::size_t waiting_ = 0;
  bool closed_ = false;
};

}  // namespace tocsin::api
