#include "model/payload.h"

#include "model/alert.h"

namespace tocsin::model {

const boost::json::value* PayloadReader::member(std::string_view key) {
  const auto* value = object_ != nullptr ? object_->if_contains(key) : nullptr;
  intact_ = intact_ && value != nullptr;
  return value;
}

std::string PayloadReader::text(std::string_view key) {
  const auto* value = member(key);
  if (value == nullptr || !value->is_string()) {
    intact_ = false;
    return {};
  }
  return std::string(std::string_view(value->get_string()));
}

std::int64_t PayloadReader::integer(std::string_view key) {
  const auto* value = member(key);
  if (value == nullptr || !value->is_int64()) {
    intact_ = false;
    return 0;
  }
  return value->get_int64();
}

bool PayloadReader::flag(std::string_view key) {
  const auto* value = member(key);
  if (value == nullptr || !value->is_bool()) {
    intact_ = false;
    return false;
  }
  return value->get_bool();
}

base::WallTime PayloadReader::time(std::string_view key) { return base::from_millis(integer(key)); }

std::optional<bool> PayloadReader::optional_flag(std::string_view key) {
  if (object_ == nullptr || !object_->contains(key)) {
    return std::nullopt;
  }
  return flag(key);
}

std::optional<base::WallTime> PayloadReader::optional_time(std::string_view key) {
  if (object_ == nullptr || !object_->contains(key)) {
    return std::nullopt;
  }
  return time(key);
}

Labels PayloadReader::labels(std::string_view key) {
  const auto* value = member(key);
  auto labels = value != nullptr ? labels_from_json(*value) : malformed(key);
  if (!labels) {
    intact_ = false;
    return {};
  }
  return *std::move(labels);
}

const boost::json::array& PayloadReader::array(std::string_view key) {
  static const boost::json::array kNone;
  const auto* value = member(key);
  if (value == nullptr || !value->is_array()) {
    intact_ = false;
    return kNone;
  }
  return value->get_array();
}

const boost::json::object& PayloadReader::object(std::string_view key) {
  static const boost::json::object kNone;
  const auto* value = member(key);
  if (value == nullptr || !value->is_object()) {
    intact_ = false;
    return kNone;
  }
  return value->get_object();
}

base::Error PayloadReader::malformed(std::string_view what) {
  return {base::ErrorCode::kCorrupt, "malformed " + std::string(what) + " in a stored record"};
}

}  // namespace tocsin::model
