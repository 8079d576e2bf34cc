#include "base/text.h"
#include "templates/arguments.h"
#include "templates/humanize.h"
#include "templates/template.h"
#include "templates/text_functions.h"
#include "templates/time_format.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;

Error invalid(std::string message) { return {ErrorCode::kInvalidInput, std::move(message)}; }

base::Result<Value> join_texts(const std::string& separator, const List& list) {
  std::vector<std::string> parts;
  for (const Value& item : list) {
    parts.push_back(item.to_string());
  }
  return Value(base::join(parts, separator));
}

base::Result<Value> string_slice(std::vector<Value> arguments) {
  for (const Value& argument : arguments) {
    if (const base::Result<std::string> text = convert<std::string>(argument); !text) {
      return text.error();
    }
  }
  return Value(List(std::move(arguments)));
}

base::Result<Value> append_items(std::vector<Value> arguments) {
  const List* list = arguments.empty() ? nullptr : arguments[0].as<List>();
  if (list == nullptr) {
    return invalid("append takes a list first");
  }
  List longer = *list;
  longer.insert(longer.end(), arguments.begin() + 1, arguments.end());
  return bounded(Value(std::move(longer)));
}

base::Result<Value> make_dict(std::vector<Value> arguments) {
  if (arguments.size() % 2 != 0) {
    return invalid("dict takes pairs of keys and values");
  }
  Map map;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    base::Result<std::string> key = convert<std::string>(arguments[i]);
    if (!key) {
      return invalid("dict keys must be strings");
    }
    map.insert_or_assign(std::move(*key), std::move(arguments[i + 1]));
  }
  return bounded(Value(std::move(map)));
}

base::Result<Value> change_zone(const std::string& name, const Time& time) {
  std::optional<Time> moved = in_zone(time, name);
  if (!moved) {
    return Error(ErrorCode::kUnsupported, "unknown time zone " + base::quote(name));
  }
  return Value(std::move(*moved));
}

}  // namespace

FunctionMap alertmanager_functions() {
  FunctionMap functions;
  functions["toUpper"] = typed<std::string>([](const std::string& s) { return to_upper(s); });
  functions["toLower"] = typed<std::string>([](const std::string& s) { return base::to_lower(s); });
  functions["title"] = typed<std::string>([](const std::string& s) { return to_title(s, true); });
  functions["trimSpace"] =
      typed<std::string>([](const std::string& s) { return std::string(base::trim(s)); });
  functions["join"] = typed<std::string, List>(join_texts);
  functions["match"] = typed<std::string, std::string>(regex_match);
  functions["reReplaceAll"] = typed<std::string, std::string, std::string>(regex_replace);
  functions["safeHtml"] = typed<std::string>([](std::string s) { return s; });
  functions["safeUrl"] = typed<std::string>([](std::string s) { return s; });
  functions["urlUnescape"] =
      typed<std::string>([](const std::string& s) { return query_unescape(s); });
  functions["stringSlice"] = string_slice;
  functions["list"] = [](std::vector<Value> arguments) {
    return bounded(Value(List(std::move(arguments))));
  };
  functions["append"] = append_items;
  functions["dict"] = make_dict;
  functions["date"] = typed<std::string, Time>(
      [](const std::string& layout, const Time& time) { return format_time(time, layout); });
  functions["tz"] = typed<std::string, Time>(change_zone);
  functions["humanizeDuration"] =
      typed<Number>([](Number n) { return humanize_duration(n.value); });
  functions["toJson"] = typed<Value>([](const Value& value) { return to_json(value); });
  return functions;
}

void add_clock_functions(FunctionMap& functions, base::WallTime now) {
  functions["now"] = [now](const std::vector<Value>& arguments) -> base::Result<Value> {
    if (!arguments.empty()) {
      return wrong_count(0, arguments.size());
    }
    return Value(Time{now});
  };
  functions["since"] =
      typed<Time>([now](const Time& time) { return Value(Span{now - time.when}); });
}

}  // namespace tocsin::templates
