#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace tocsin::templates {

class Value;
using List = std::vector<Value>;
/// Maps iterate in key order, as Go's range does.
using Map = std::map<std::string, Value, std::less<>>;

/// A map-like object whose fields are reached as .Name; a missing field is an error (Go's
/// struct), while a missing key of a Map gives the empty text ("<no value>" is never printed).
struct Struct {
  std::string type_name;
  Map fields;
};

struct Time {
  std::chrono::sys_time<std::chrono::milliseconds> when;
  friend bool operator==(const Time&, const Time&) = default;
};

/// What templates compute with. Copies of lists, maps and structs share their body.
class Value {
 public:
  using Storage = std::variant<std::monostate, bool, std::int64_t, double, std::string, Time,
                               std::shared_ptr<const List>, std::shared_ptr<const Map>,
                               std::shared_ptr<const Struct>>;

  Value() = default;                                                ///< nil
  Value(bool value) : storage_(value) {}                            // NOLINT
  Value(std::int64_t value) : storage_(value) {}                    // NOLINT
  Value(int value) : storage_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Value(double value) : storage_(value) {}                          // NOLINT
  Value(std::string value) : storage_(std::move(value)) {}          // NOLINT
  Value(std::string_view value) : storage_(std::string(value)) {}   // NOLINT
  Value(const char* value) : storage_(std::string(value)) {}        // NOLINT
  Value(Time value) : storage_(value) {}                            // NOLINT
  Value(List value);                                                // NOLINT
  Value(Map value);                                                 // NOLINT
  Value(Struct value);                                              // NOLINT

  const Storage& storage() const { return storage_; }

  /// Go's truth: false, 0, "", nil and empty collections are false; structs are true.
  bool truth() const;
  /// As Go's fmt prints it with %v.
  std::string to_string() const;

 private:
  Storage storage_;
};

}  // namespace tocsin::templates
