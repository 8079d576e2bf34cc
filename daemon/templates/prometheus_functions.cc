#include <algorithm>
#include <cmath>
#include <optional>

#include "base/duration.h"
#include "base/text.h"
#include "templates/arguments.h"
#include "templates/builtins.h"
#include "templates/humanize.h"
#include "templates/numbers.h"
#include "templates/template.h"
#include "templates/text_functions.h"
#include "templates/time_format.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;

Error invalid(std::string message) { return {ErrorCode::kInvalidInput, std::move(message)}; }

base::Result<Value> to_time(double seconds) {
  if (std::isnan(seconds) || std::fabs(seconds * 1e9) >= 9.2233720368547758e18) {
    return invalid(format_float(seconds) +
                   " cannot be represented as a nanoseconds timestamp since it overflows int64");
  }
  return Value(Time{base::from_millis(static_cast<std::int64_t>(std::floor(seconds * 1000)))});
}

base::Result<Value> humanize_timestamp(Number number) {
  if (!std::isfinite(number.value)) {
    return Value(format_float(number.value, 'g', 4));
  }
  base::Result<Value> time = to_time(number.value);
  if (!time) {
    return time;
  }
  return Value(time->to_string());
}

base::Result<Value> to_duration(Number number) {
  const double nanoseconds = number.value * 1e9;
  if (std::isnan(nanoseconds) || std::fabs(nanoseconds) >= 9.2233720368547758e18) {
    return invalid(format_float(number.value) + " cannot be represented as a duration");
  }
  return Value(Span{std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds))});
}

struct HostPort {
  std::string host;
  std::string port;
};

/// Go's net.SplitHostPort: host:port, [v6]:port; nothing when there is no port.
std::optional<HostPort> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.find(']') != host.size() - 1) {
      return std::nullopt;
    }
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return std::nullopt;
  }
  return HostPort{std::string(host), std::string(text.substr(colon + 1))};
}

bool is_ip_address(std::string_view host) {
  if (host.find(':') != std::string_view::npos) {
    return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  const auto parts = base::split(host, '.');
  return parts.size() == 4 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           return !part.empty() && part.size() <= 3 &&
                  part.find_first_not_of("0123456789") == std::string_view::npos &&
                  std::stoi(std::string(part)) < 256 && (part.size() == 1 || part[0] != '0');
         });
}

std::string strip_port(const std::string& text) {
  const std::optional<HostPort> parts = split_host_port(text);
  return parts ? parts->host : text;
}

std::string strip_domain(const std::string& text) {
  const std::optional<HostPort> parts = split_host_port(text);
  const std::string host = parts ? parts->host : text;
  if (is_ip_address(host)) {
    return text;
  }
  const std::string name = host.substr(0, host.find('.'));
  return parts && !parts->port.empty() ? name + ":" + parts->port : name;
}

base::Result<Value> first(const List& samples) {
  if (samples.empty()) {
    return invalid("first() called on vector with no elements");
  }
  return samples.front();
}

base::Result<Value> sample_field(const Value& sample, std::string_view field) {
  const auto* body = sample.as<Struct>();
  const auto found = body == nullptr ? Map::const_iterator() : body->fields.find(field);
  if (body == nullptr || found == body->fields.end()) {
    return invalid("expected a sample of a query, got " + sample.type_name());
  }
  return found->second;
}

base::Result<Value> sample_label(const std::string& name, const Value& sample) {
  const base::Result<Value> labels = sample_field(sample, "Labels");
  const Map* map = labels ? labels->as<Map>() : nullptr;
  if (map == nullptr) {
    return labels ? base::Result<Value>(invalid("the sample has no labels")) : labels;
  }
  const auto found = map->find(name);
  return found == map->end() ? Value("") : found->second;
}

base::Result<Value> sort_by_label(const std::string& name, List samples) {
  std::vector<std::pair<std::string, Value>> keyed;
  for (Value& sample : samples) {
    const base::Result<Value> label = sample_label(name, sample);
    if (!label) {
      return label;
    }
    keyed.emplace_back(label->to_string(), std::move(sample));
  }
  std::sort(keyed.begin(), keyed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  List sorted;
  for (auto& [key, sample] : keyed) {
    sorted.push_back(std::move(sample));
  }
  return Value(std::move(sorted));
}

base::Result<Value> make_args(std::vector<Value> arguments) {
  Map map;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    map.emplace("arg" + std::to_string(i), std::move(arguments[i]));
  }
  return bounded(Value(std::move(map)));
}

std::string graph_link(const std::string& expression, int tab) {
  return "/graph?g0.expr=" + query_escape(expression) + "&g0.tab=" + std::to_string(tab);
}

base::Result<Value> read_duration(const std::string& text) {
  const base::Result<base::Duration> duration = base::parse_duration(text);
  if (!duration) {
    return duration.error();
  }
  return Value(static_cast<double>(duration->count()) / 1000);
}

void add_number_functions(FunctionMap& functions) {
  functions["humanize"] = typed<Number>([](Number n) { return humanize(n.value); });
  functions["humanize1024"] = typed<Number>([](Number n) { return humanize_1024(n.value); });
  functions["humanizeDuration"] =
      typed<Number>([](Number n) { return humanize_duration(n.value); });
  functions["humanizePercentage"] =
      typed<Number>([](Number n) { return humanize_percentage(n.value); });
  functions["humanizeTimestamp"] = typed<Number>(humanize_timestamp);
  functions["toTime"] = typed<Number>([](Number n) { return to_time(n.value); });
  functions["toDuration"] = typed<Number>(to_duration);
  functions["parseDuration"] = typed<std::string>(read_duration);
}

}  // namespace

FunctionMap prometheus_functions() {
  FunctionMap functions;
  add_number_functions(functions);
  functions["title"] = typed<std::string>([](const std::string& s) { return to_title(s, false); });
  functions["toUpper"] = typed<std::string>([](const std::string& s) { return to_upper(s); });
  functions["toLower"] = typed<std::string>([](const std::string& s) { return base::to_lower(s); });
  functions["match"] = typed<std::string, std::string>(regex_match);
  functions["reReplaceAll"] = typed<std::string, std::string, std::string>(regex_replace);
  functions["safeHtml"] = typed<std::string>([](std::string s) { return s; });
  functions["urlQueryEscape"] =
      typed<std::string>([](const std::string& s) { return query_escape(s); });
  functions["stripPort"] = typed<std::string>(strip_port);
  functions["stripDomain"] = typed<std::string>(strip_domain);
  functions["graphLink"] =
      typed<std::string>([](const std::string& s) { return graph_link(s, 0); });
  functions["tableLink"] =
      typed<std::string>([](const std::string& s) { return graph_link(s, 1); });
  functions["first"] = typed<List>(first);
  functions["label"] = typed<std::string, Value>(sample_label);
  functions["value"] = typed<Value>([](const Value& s) { return sample_field(s, "Value"); });
  functions["strvalue"] = typed<Value>([](const Value& s) { return sample_label("__value__", s); });
  functions["sortByLabel"] = typed<std::string, List>(sort_by_label);
  functions["args"] = make_args;
  return functions;
}

}  // namespace tocsin::templates
