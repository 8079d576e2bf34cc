#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "model/labels.h"

namespace tocsin::model {

/// Reads the members of one stored object (a record's payload, a part of a snapshot) and
/// remembers whether any was missing or of another type, so that a decoder checks once at its
/// end. Borrows the object.
///
///     PayloadReader reader(record.payload);
///     const auto receiver = reader.text("receiver");
///     if (!reader.intact()) { return reader.malformed("group"); }
class PayloadReader {
 public:
  explicit PayloadReader(const boost::json::object& object) : object_(&object) {}
  explicit PayloadReader(const boost::json::value& value)
      : object_(value.is_object() ? &value.get_object() : nullptr), intact_(object_ != nullptr) {}

  std::string text(std::string_view key);
  std::int64_t integer(std::string_view key);
  bool flag(std::string_view key);
  /// Absent is fine here; another type is not.
  std::optional<bool> optional_flag(std::string_view key);
  base::WallTime time(std::string_view key);
  /// Absent is fine here; another type is not.
  std::optional<base::WallTime> optional_time(std::string_view key);
  Labels labels(std::string_view key);
  /// An empty one when the member is missing or no array.
  const boost::json::array& array(std::string_view key);
  const boost::json::object& object(std::string_view key);

  /// For faults that the caller finds in a member's value.
  void fail() { intact_ = false; }
  bool intact() const { return intact_; }
  /// kCorrupt, naming what could not be read.
  static base::Error malformed(std::string_view what);

 private:
  const boost::json::value* member(std::string_view key);

  const boost::json::object* object_;
  bool intact_ = true;
};

}  // namespace tocsin::model
