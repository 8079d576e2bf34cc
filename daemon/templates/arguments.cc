#include "templates/arguments.h"

#include "base/text.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;

Error wrong_type(std::string_view wanted, const Value& value) {
  return {ErrorCode::kInvalidInput,
          "wrong type for value; expected " + std::string(wanted) + "; got " + value.type_name()};
}

template <class T>
base::Result<T> exactly(const Value& value, std::string_view name) {
  const T* found = value.as<T>();
  return found == nullptr ? base::Result<T>(wrong_type(name, value)) : base::Result<T>(*found);
}

}  // namespace

template <>
base::Result<std::string> convert(const Value& value) {
  return exactly<std::string>(value, "string");
}

template <>
base::Result<double> convert(const Value& value) {
  if (const auto* whole = value.as<std::int64_t>()) {
    return static_cast<double>(*whole);
  }
  return exactly<double>(value, "float64");
}

template <>
base::Result<std::int64_t> convert(const Value& value) {
  return exactly<std::int64_t>(value, "int");
}

template <>
base::Result<Number> convert(const Value& value) {
  if (const auto* span = value.as<Span>()) {
    return Number{std::chrono::duration<double>(span->length).count()};
  }
  if (const auto* text = value.as<std::string>()) {
    const std::optional<double> number = base::parse_number(*text);
    if (!number) {
      return Error(ErrorCode::kInvalidInput, "not a number: " + base::quote(*text));
    }
    return Number{*number};
  }
  base::Result<double> number = convert<double>(value);
  if (!number) {
    return Error(ErrorCode::kInvalidInput, "can't convert " + value.type_name() + " to float");
  }
  return Number{*number};
}

template <>
base::Result<Time> convert(const Value& value) {
  return exactly<Time>(value, "time.Time");
}

template <>
base::Result<List> convert(const Value& value) {
  if (value.content().is_nil()) {
    return List();
  }
  return exactly<List>(value, "list");
}

template <>
base::Result<Value> convert(const Value& value) {
  return value;
}

base::Error wrong_count(std::size_t wanted, std::size_t got) {
  return {ErrorCode::kInvalidInput,
          "wrong number of args: want " + std::to_string(wanted) + " got " + std::to_string(got)};
}

base::Result<Value> bounded(Value value) {
  if (value.depth() > kMaxValueDepth) {
    return Error(ErrorCode::kLimitExceeded, "a value is nested too deeply");
  }
  return value;
}

}  // namespace tocsin::templates
