#pragma once

#include <string>
#include <variant>

#include "base/text.h"
#include "promql/describe.h"

namespace tocsin::testing {

/// The tree as compact JSON; numbers that JSON does not have are written as Prometheus names them.
inline std::string to_json(const promql::AstValue& value) {
  struct Writer {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return base::format_number(number); }
    std::string operator()(const std::string& text) const { return base::quote(text); }
    std::string operator()(const promql::AstValue::List& list) const {
      std::string out;
      for (const promql::AstValue& item : list) {
        out += (out.empty() ? "" : ",") + to_json(item);
      }
      return "[" + out + "]";
    }
    std::string operator()(const promql::AstValue::Object& object) const {
      std::string out;
      for (const auto& [name, item] : object) {
        out += (out.empty() ? "" : ",") + base::quote(name) + ":" + to_json(item);
      }
      return "{" + out + "}";
    }
  };
  return std::visit(Writer(), value.value);
}

}  // namespace tocsin::testing
