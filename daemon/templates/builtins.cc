#include "templates/builtins.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "templates/arguments.h"
#include "templates/format.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;
using Arguments = std::vector<Value>;

Error invalid(std::string message) { return {ErrorCode::kInvalidInput, std::move(message)}; }

base::Result<bool> equal(const Value& left, const Value& right) {
  const Value& a = left.content();
  const Value& b = right.content();
  if (a.is_nil() || b.is_nil()) {
    return a.is_nil() && b.is_nil();
  }
  for (const Value* value : {&a, &b}) {
    if (value->as<List>() != nullptr || value->as<Map>() != nullptr ||
        value->as<Struct>() != nullptr) {
      return invalid("non-comparable type " + value->type_name());
    }
  }
  if (a.storage().index() != b.storage().index()) {
    return invalid("incompatible types for comparison: " + a.type_name() + " and " + b.type_name());
  }
  if (const auto* time = a.as<Time>()) {
    return time->when == b.as<Time>()->when;
  }
  return a.storage() == b.storage();
}

template <class T>
std::optional<int> order_of(const Value& a, const Value& b) {
  const T* left = a.as<T>();
  const T* right = b.as<T>();
  if (left == nullptr || right == nullptr) {
    return std::nullopt;
  }
  return *left < *right ? -1 : *right < *left ? 1 : *left == *right ? 0 : 2;
}

/// -1, 0, 1, or 2 when one is not a number.
base::Result<int> compare(const Value& a, const Value& b) {
  std::optional<int> order = order_of<std::int64_t>(a, b);
  if (!order) {
    order = order_of<double>(a, b);
  }
  if (!order) {
    order = order_of<std::string>(a, b);
  }
  if (!order && a.as<Span>() != nullptr && b.as<Span>() != nullptr) {
    order = order_of<std::int64_t>(Value(a.as<Span>()->length.count()),
                                   Value(b.as<Span>()->length.count()));
  }
  if (!order) {
    return invalid("incompatible types for comparison: " + a.type_name() + " and " + b.type_name());
  }
  return *order;
}

Function comparison(bool (*decide)(int)) {
  return [decide](Arguments arguments) -> base::Result<Value> {
    if (arguments.size() != 2) {
      return wrong_count(2, arguments.size());
    }
    const base::Result<int> order = compare(arguments[0], arguments[1]);
    if (!order) {
      return order.error();
    }
    return Value(decide(*order));
  };
}

base::Result<Value> call_eq(Arguments arguments) {
  if (arguments.size() < 2) {
    return invalid("missing argument for comparison");
  }
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const base::Result<bool> same = equal(arguments[0], arguments[i]);
    if (!same) {
      return same.error();
    }
    if (*same) {
      return Value(true);
    }
  }
  return Value(false);
}

base::Result<Value> call_ne(Arguments arguments) {
  if (arguments.size() != 2) {
    return wrong_count(2, arguments.size());
  }
  const base::Result<bool> same = equal(arguments[0], arguments[1]);
  if (!same) {
    return same.error();
  }
  return Value(!*same);
}

base::Result<Value> call_len(const Value& value) {
  if (const auto* text = value.as<std::string>()) {
    return Value(static_cast<std::int64_t>(text->size()));
  }
  if (const auto* list = value.as<List>()) {
    return Value(static_cast<std::int64_t>(list->size()));
  }
  if (const auto* map = value.as<Map>()) {
    return Value(static_cast<std::int64_t>(map->size()));
  }
  return invalid("len of type " + value.type_name());
}

base::Result<std::size_t> position(const Value& index, std::size_t limit) {
  const auto* number = index.as<std::int64_t>();
  if (number == nullptr) {
    return invalid("cannot index slice/array with type " + index.type_name());
  }
  if (*number < 0 || static_cast<std::uint64_t>(*number) >= limit) {
    return invalid("index out of range: " + std::to_string(*number));
  }
  return static_cast<std::size_t>(*number);
}

base::Result<Value> index_once(const Value& value, const Value& index) {
  if (const auto* map = value.as<Map>()) {
    const auto* key = index.as<std::string>();
    if (key == nullptr) {
      return invalid("value has type " + index.type_name() + "; should be string");
    }
    const auto found = map->find(*key);
    return found == map->end() ? missing_value(*map) : found->second;
  }
  const auto* list = value.as<List>();
  const auto* text = value.as<std::string>();
  if (list == nullptr && text == nullptr) {
    return invalid(value.is_nil() ? "index of untyped nil"
                                  : "can't index item of type " + value.type_name());
  }
  const base::Result<std::size_t> at = position(index, list ? list->size() : text->size());
  if (!at) {
    return at.error();
  }
  return list ? (*list)[*at]
              : Value(static_cast<std::int64_t>(static_cast<unsigned char>((*text)[*at])));
}

base::Result<Value> call_index(Arguments arguments) {
  if (arguments.empty()) {
    return wrong_count(1, 0);
  }
  Value value = arguments[0];
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    base::Result<Value> inner = index_once(value, arguments[i]);
    if (!inner) {
      return inner;
    }
    value = std::move(*inner);
  }
  return value;
}

base::Result<Value> call_slice(Arguments arguments) {
  if (arguments.empty() || arguments.size() > 4) {
    return invalid("slice takes a value and up to three indexes");
  }
  const auto* list = arguments[0].as<List>();
  const auto* text = arguments[0].as<std::string>();
  if (list == nullptr && text == nullptr) {
    return invalid("can't slice item of type " + arguments[0].type_name());
  }
  if (text != nullptr && arguments.size() == 4) {
    return invalid("cannot 3-index slice a string");
  }
  const std::size_t size = list ? list->size() : text->size();
  std::size_t bounds[3] = {0, size, size};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const base::Result<std::size_t> bound = position(arguments[i], size + 1);
    if (!bound) {
      return bound.error();
    }
    bounds[i - 1] = *bound;
  }
  if (bounds[0] > bounds[1] || bounds[1] > bounds[2]) {
    return invalid("invalid slice index: " + std::to_string(bounds[0]) + " > " +
                   std::to_string(bounds[1]));
  }
  if (text != nullptr) {
    return Value(text->substr(bounds[0], bounds[1] - bounds[0]));
  }
  return Value(List(list->begin() + static_cast<std::ptrdiff_t>(bounds[0]),
                    list->begin() + static_cast<std::ptrdiff_t>(bounds[1])));
}

base::Result<Value> call_printf(Arguments arguments) {
  const auto* format = arguments.empty() ? nullptr : arguments[0].as<std::string>();
  if (format == nullptr) {
    return invalid("printf takes a format text first");
  }
  return Value(format_values(*format, std::span(arguments).subspan(1)));
}

base::Result<Value> call_println(Arguments arguments) {
  std::string text;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    text += i > 0 ? " " : "";
    append_value(text, arguments[i]);
  }
  return Value(text + "\n");
}

/// Text arguments as they are, others printed, as Go's escaping functions take them.
Function escaper(std::string (*escape)(std::string_view)) {
  return [escape](Arguments arguments) -> base::Result<Value> {
    return Value(escape(print_values(arguments)));
  };
}

std::string js_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '\'' || c == '"') {
      escaped += '\\';
      escaped += c;
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&' || c == '=') {
      escaped += "\\u00";
      escaped += kDigits[byte >> 4];
      escaped += kDigits[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

FunctionMap make_builtins() {
  FunctionMap functions;
  functions["not"] = typed<Value>([](const Value& value) { return !value.truth(); });
  functions["eq"] = call_eq;
  functions["ne"] = call_ne;
  functions["lt"] = comparison([](int order) { return order == -1; });
  functions["le"] = comparison([](int order) { return order == -1 || order == 0; });
  functions["gt"] = comparison([](int order) { return order == 1; });
  functions["ge"] = comparison([](int order) { return order == 1 || order == 0; });
  functions["len"] = typed<Value>([](const Value& value) { return call_len(value); });
  functions["index"] = call_index;
  functions["slice"] = call_slice;
  functions["print"] = [](Arguments arguments) -> base::Result<Value> {
    return Value(print_values(arguments));
  };
  functions["printf"] = call_printf;
  functions["println"] = call_println;
  functions["html"] = escaper(html_escape);
  functions["js"] = escaper(js_escape);
  functions["urlquery"] = escaper(query_escape);
  functions["call"] = [](const Arguments& arguments) -> base::Result<Value> {
    return invalid("call of non-function of type " +
                   (arguments.empty() ? std::string("nil") : arguments[0].type_name()));
  };
  return functions;
}

}  // namespace

const FunctionMap& builtin_functions() {
  static const FunctionMap kFunctions = make_builtins();
  return kFunctions;
}

bool is_special_function(std::string_view name) {
  return name == "and" || name == "or" || name == "tmpl";
}

std::string html_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&#34;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string query_escape(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else if (c == ' ') {
      escaped += '+';
    } else {
      escaped += '%';
      escaped += kDigits[byte >> 4];
      escaped += kDigits[byte & 15];
    }
  }
  return escaped;
}

}  // namespace tocsin::templates
