#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tocsin::templates {

class Value;
using List = std::vector<Value>;
/// Maps iterate in key order, as Go's range does.
using Map = std::map<std::string, Value, std::less<>>;
/// Something to call: positional arguments in, value or error out.
using Function = std::function<base::Result<Value>(std::vector<Value>)>;
/// A collection or struct with methods, such as Alertmanager's alerts with `.Firing`.
struct Object;

/// A map-like object whose fields are reached as .Name; a missing field is an error (Go's
/// struct), while a missing key of a Map gives the empty text ("<no value>" is never printed).
struct Struct {
  std::string type_name;
  Map fields;
};

struct Time {
  std::chrono::sys_time<std::chrono::milliseconds> when;
  int offset_seconds = 0;  ///< east of UTC: the zone that it is shown in
  std::string zone = "UTC";
  friend bool operator==(const Time&, const Time&) = default;
};

/// A span of time, printed as Go's time.Duration: 1h30m0s.
struct Span {
  std::chrono::nanoseconds length{0};
  friend bool operator==(const Span&, const Span&) = default;
};

/// What templates compute with. Copies of lists, maps and structs share their body.
class Value {
 public:
  using Storage = std::variant<std::monostate, bool, std::int64_t, double, std::string, Time,
                               std::shared_ptr<const List>, std::shared_ptr<const Map>,
                               std::shared_ptr<const Struct>, Span, std::shared_ptr<const Object>>;

  Value() = default;                                                ///< nil
  Value(bool value) : storage_(value) {}                            // NOLINT
  Value(std::int64_t value) : storage_(value) {}                    // NOLINT
  Value(int value) : storage_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Value(double value) : storage_(value) {}                          // NOLINT
  Value(std::string value) : storage_(std::move(value)) {}          // NOLINT
  Value(std::string_view value) : storage_(std::string(value)) {}   // NOLINT
  Value(const char* value) : storage_(std::string(value)) {}        // NOLINT
  Value(Time value) : storage_(std::move(value)) {}                 // NOLINT
  Value(Span value) : storage_(value) {}                            // NOLINT
  Value(Object value);                                              // NOLINT
  Value(List value);                                                // NOLINT
  Value(Map value);                                                 // NOLINT
  Value(Struct value);                                              // NOLINT

  const Storage& storage() const { return storage_; }

  /// Go's truth: false, 0, "", nil and empty collections are false; structs are true.
  bool truth() const;
  /// As Go's fmt prints it with %v.
  std::string to_string() const;
  /// The Go type that messages and %T show: "float64", "map[string]string".
  std::string type_name() const;
  /// How many collections are nested in it; functions that build collections keep it small, so
  /// that recursion over a value stays bounded.
  std::size_t depth() const { return depth_; }

  /// The alternative, or null; an Object counts as its content.
  template <class T>
  const T* as() const {
    const Storage& inner = content().storage_;
    if constexpr (std::is_same_v<T, List> || std::is_same_v<T, Map> || std::is_same_v<T, Struct>) {
      const auto* pointer = std::get_if<std::shared_ptr<const T>>(&inner);
      return pointer == nullptr ? nullptr : pointer->get();
    } else {
      return std::get_if<T>(&inner);
    }
  }
  bool is_nil() const { return std::holds_alternative<std::monostate>(storage_); }
  const Object* object() const;
  /// Itself, or what an Object wraps.
  const Value& content() const;

 private:
  Storage storage_;
  std::size_t depth_ = 0;
};

struct Object {
  std::string type_name;
  Value content;
  std::map<std::string, Function, std::less<>> methods;
};

/// What a missing key of a map gives: "" where all values are texts, as Go's map[string]string,
/// else nil.
Value missing_value(const Map& map);

/// Deeper values are refused by the functions that would build them.
inline constexpr std::size_t kMaxValueDepth = 64;
/// Printing stops here: shared parts could make a small value print without end.
inline constexpr std::size_t kMaxPrintedBytes = 4U << 20;

}  // namespace tocsin::templates
