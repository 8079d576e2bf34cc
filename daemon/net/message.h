#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/growth.h"

namespace tocsin::net {

/// What has arrived of a body.
struct Collected {
  std::string text;
  std::size_t limit = 0;  ///< beyond it http::error::body_limit; 0: none
};

/// A Beast body that collects what has arrived. Unlike Beast's own it does not believe
/// Content-Length, which may claim terabytes, when it reserves memory, and does not double its
/// memory beyond the limit. For this room's sources.
struct CollectedBody {
  using value_type = Collected;

  class reader {
   public:
    template <bool kRequest, class Fields>
    reader(boost::beast::http::header<kRequest, Fields>& /*header*/, value_type& body)
        : body_(body) {}

    void init(const boost::optional<std::uint64_t>& /*length*/, boost::beast::error_code& error) {
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        if (body_.limit != 0 && buffer.size() > body_.limit - body_.text.size()) {
          error = boost::beast::http::error::body_limit;
          return taken;
        }
        make_room(body_.text, buffer.size(), body_.limit);
        body_.text.append(static_cast<const char*>(buffer.data()), buffer.size());
        taken += buffer.size();
      }
      return taken;
    }
    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace tocsin::net
