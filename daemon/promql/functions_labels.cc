#include <re2/re2.h>

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "promql/call_frame.h"
#include "promql/functions.h"

/// Functions that change labels.
namespace tocsin::promql {
namespace {

using base::Result;

base::Error failed(std::string message) {
  return {base::ErrorCode::kInvalidInput, std::move(message)};
}

// Since Prometheus 3 any UTF-8 text names a label.
bool is_label_name(std::string_view name) { return !name.empty() && base::is_valid_utf8(name); }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The submatch that a name or number refers to; empty when there is no such group.
std::string_view submatch(const re2::RE2& regex, const std::vector<re2::StringPiece>& groups,
                          const std::string& name) {
  std::size_t number = groups.size();
  if (name.find_first_not_of("0123456789") == std::string::npos && name.size() < 6) {
    number = static_cast<std::size_t>(std::stoul(name));
  } else if (const auto named = regex.NamedCapturingGroups().find(name);
             named != regex.NamedCapturingGroups().end()) {
    number = static_cast<std::size_t>(named->second);
  }
  return number < groups.size() ? std::string_view(groups[number].data(), groups[number].size())
                                : std::string_view();
}

// Puts submatches into a template as Go's Regexp.Expand: $1, $name, ${name}, and $$ for a dollar.
std::string expand(const re2::RE2& regex, std::string_view pattern,
                   const std::vector<re2::StringPiece>& groups) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] != '$') {
      out += pattern[at++];
      continue;
    }
    const std::string_view rest = pattern.substr(at + 1);
    if (rest.starts_with('$')) {
      out += '$';
      at += 2;
      continue;
    }
    const bool braces = rest.starts_with('{');
    const std::size_t begin = braces ? 1 : 0;
    std::size_t end = begin;
    while (end < rest.size() && is_word(rest[end])) {
      ++end;
    }
    if (end == begin || (braces && (end >= rest.size() || rest[end] != '}'))) {
      out += pattern[at++];  // no reference: the dollar stands for itself
      continue;
    }
    out += submatch(regex, groups, std::string(rest.substr(begin, end - begin)));
    at += 1 + end + (braces ? 1 : 0);
  }
  return out;
}

void set_label(Element& element, std::string_view name, std::string_view value) {
  element.labels = model::LabelsBuilder(element.labels).set(name, value).build();
  if (name == model::kMetricName) {
    element.drop_name = false;
  }
}

Result<Operand> label_replace(CallFrame& frame) {
  const std::string& target = frame.text(1);
  const std::string& replacement = frame.text(2);
  const std::string& source = frame.text(3);
  const re2::RE2* regex = frame.call.regex.get();
  if (regex == nullptr || !regex->ok()) {
    return failed("invalid regular expression in label_replace(): " + frame.text(4));
  }
  if (!is_label_name(target)) {
    return failed("invalid destination label name in label_replace(): " + target);
  }
  const int count = regex->NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(count));
  Elements elements = std::move(frame.vector(0));
  for (Element& element : elements) {
    const std::string_view value = element.labels.get(source);
    const re2::StringPiece text(value.data(), value.size());
    if (regex->Match(text, 0, text.size(), re2::RE2::ANCHOR_BOTH, groups.data(), count)) {
      set_label(element, target, expand(*regex, replacement, groups));
    }
  }
  return Operand(std::move(elements));
}

Result<Operand> label_join(CallFrame& frame) {
  const std::string& target = frame.text(1);
  const std::string& separator = frame.text(2);
  if (!is_label_name(target)) {
    return failed("invalid destination label name in label_join(): " + target);
  }
  for (std::size_t i = 3; i < frame.arguments.size(); ++i) {
    if (!is_label_name(frame.text(i))) {
      return failed("invalid source label name in label_join(): " + frame.text(i));
    }
  }
  Elements elements = std::move(frame.vector(0));
  for (Element& element : elements) {
    std::string joined;
    for (std::size_t i = 3; i < frame.arguments.size(); ++i) {
      joined += i > 3 ? separator : "";
      joined += element.labels.get(frame.text(i));
    }
    set_label(element, target, joined);
  }
  return Operand(std::move(elements));
}

}  // namespace

std::vector<Function> label_functions() {
  constexpr auto kString = ValueType::kString;
  constexpr auto kVector = ValueType::kVector;
  std::vector<Function> rows = {
      {"label_replace",
       {kVector, kString, kString, kString, kString},
       0,
       kVector,
       &label_replace,
       "sets a label from another one by a regular expression"},
      {"label_join",
       {kVector, kString, kString, kString},
       -1,
       kVector,
       &label_join,
       "sets a label to others joined by a separator"},
  };
  for (Function& row : rows) {
    row.form = Form::kRelabel;
  }
  return rows;
}

}  // namespace tocsin::promql
