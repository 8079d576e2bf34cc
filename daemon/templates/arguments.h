#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "templates/value.h"

namespace tocsin::templates {

/// A number however it is given: floats, whole numbers, texts, spans of time in seconds.
struct Number {
  double value = 0;
};

/// The argument as a type that functions take, or what was wrong.
template <class T>
base::Result<T> convert(const Value& value);
template <>
base::Result<std::string> convert(const Value& value);
template <>
base::Result<double> convert(const Value& value);
template <>
base::Result<std::int64_t> convert(const Value& value);
template <>
base::Result<Number> convert(const Value& value);
template <>
base::Result<Time> convert(const Value& value);
template <>
base::Result<List> convert(const Value& value);
template <>
base::Result<Value> convert(const Value& value);

base::Error wrong_count(std::size_t wanted, std::size_t got);

/// Refuses values that are nested too deeply; for functions that build collections.
base::Result<Value> bounded(Value value);

/// Makes a template function of one with typed parameters, which returns base::Result<Value> or
/// something that a Value can be made of.
template <class... Parameters, class Body>
Function typed(Body body) {
  return [body](std::vector<Value> arguments) -> base::Result<Value> {
    if (arguments.size() != sizeof...(Parameters)) {
      return wrong_count(sizeof...(Parameters), arguments.size());
    }
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> base::Result<Value> {
      std::tuple<base::Result<Parameters>...> converted{convert<Parameters>(arguments[I])...};
      std::optional<base::Error> failure;
      const auto check = [&failure](const auto& one) {
        if (!one && !failure) {
          failure = one.error();
        }
      };
      (check(std::get<I>(converted)), ...);
      if (failure) {
        return *failure;
      }
      if constexpr (std::is_same_v<std::invoke_result_t<Body, Parameters...>,
                                   base::Result<Value>>) {
        return body(std::move(*std::get<I>(converted))...);
      } else {
        return Value(body(std::move(*std::get<I>(converted))...));
      }
    }(std::index_sequence_for<Parameters...>());
  };
}

}  // namespace tocsin::templates
