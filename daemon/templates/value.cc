#include "templates/value.h"

#include <algorithm>

#include "templates/format.h"

namespace tocsin::templates {
namespace {

std::string list_type(const List& list) {
  const bool texts = !list.empty() && std::all_of(list.begin(), list.end(), [](const Value& item) {
    return std::holds_alternative<std::string>(item.storage());
  });
  return texts ? "[]string" : "[]interface {}";
}

std::string map_type(const Map& map) {
  const bool texts = std::all_of(map.begin(), map.end(), [](const auto& entry) {
    return std::holds_alternative<std::string>(entry.second.storage());
  });
  return texts ? "map[string]string" : "map[string]interface {}";
}

}  // namespace

Value missing_value(const Map& map) {
  const bool texts = std::all_of(map.begin(), map.end(), [](const auto& entry) {
    return std::holds_alternative<std::string>(entry.second.storage());
  });
  return texts ? Value("") : Value();
}

Value::Value(List value) {
  for (const Value& item : value) {
    depth_ = std::max(depth_, item.depth());
  }
  ++depth_;
  storage_ = std::make_shared<const List>(std::move(value));
}

Value::Value(Map value) {
  for (const auto& [key, item] : value) {
    depth_ = std::max(depth_, item.depth());
  }
  ++depth_;
  storage_ = std::make_shared<const Map>(std::move(value));
}

Value::Value(Struct value) {
  for (const auto& [key, item] : value.fields) {
    depth_ = std::max(depth_, item.depth());
  }
  ++depth_;
  storage_ = std::make_shared<const Struct>(std::move(value));
}

Value::Value(Object value) : depth_(value.content.depth() + 1) {
  storage_ = std::make_shared<const Object>(std::move(value));
}

const Object* Value::object() const {
  const auto* pointer = std::get_if<std::shared_ptr<const Object>>(&storage_);
  return pointer == nullptr ? nullptr : pointer->get();
}

const Value& Value::content() const {
  const Value* inner = this;
  while (const Object* wrapper = inner->object()) {
    inner = &wrapper->content;
  }
  return *inner;
}

bool Value::truth() const {
  if (const auto* value = as<bool>()) {
    return *value;
  }
  if (const auto* value = as<std::int64_t>()) {
    return *value != 0;
  }
  if (const auto* value = as<double>()) {
    return *value != 0;
  }
  if (const auto* value = as<std::string>()) {
    return !value->empty();
  }
  if (const auto* value = as<Span>()) {
    return value->length.count() != 0;
  }
  if (const auto* value = as<List>()) {
    return !value->empty();
  }
  if (const auto* value = as<Map>()) {
    return !value->empty();
  }
  return !content().is_nil();
}

std::string Value::to_string() const {
  std::string text;
  append_value(text, *this);
  return text;
}

std::string Value::type_name() const {
  if (const Object* wrapper = object()) {
    return wrapper->type_name;
  }
  struct Names {
    std::string operator()(std::monostate) const { return "<nil>"; }
    std::string operator()(bool) const { return "bool"; }
    std::string operator()(std::int64_t) const { return "int"; }
    std::string operator()(double) const { return "float64"; }
    std::string operator()(const std::string&) const { return "string"; }
    std::string operator()(const Time&) const { return "time.Time"; }
    std::string operator()(const Span&) const { return "time.Duration"; }
    std::string operator()(const std::shared_ptr<const List>& list) const {
      return list_type(*list);
    }
    std::string operator()(const std::shared_ptr<const Map>& map) const { return map_type(*map); }
    std::string operator()(const std::shared_ptr<const Struct>& body) const {
      return body->type_name;
    }
    std::string operator()(const std::shared_ptr<const Object>& wrapper) const {
      return wrapper->type_name;
    }
  };
  return std::visit(Names(), storage_);
}

}  // namespace tocsin::templates
