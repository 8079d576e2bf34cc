#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/labels.h"

namespace tocsin::model {

enum class MatchKind : std::uint8_t { kEqual, kNotEqual, kRegex, kNotRegex };

/// One condition on a label. Regular expressions are RE2, anchored at both ends, and `.` matches
/// a line feed, as in Prometheus 3. A missing label counts as an empty value. Copies share the
/// compiled expression and are safe to use on any thread.
class Matcher {
 public:
  /// kInvalidInput when the regular expression does not compile.
  static base::Result<Matcher> make(MatchKind kind, std::string name, std::string value);

  MatchKind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

  bool matches(std::string_view label_value) const;
  bool matches(const Labels& labels) const { return matches(labels.get(name_)); }

  /// The values that a regex accepts when it is no more than a list of them (`a|b|c`, `v[12]`), so
  /// that an index can look them up; empty when it is more, or accepts an empty value.
  const std::vector<std::string>& literal_alternatives() const { return alternatives_; }

  /// `name=~"value"`.
  std::string to_string() const;

  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.kind_ == b.kind_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  struct Regex;

  Matcher(MatchKind kind, std::string name, std::string value);

  MatchKind kind_;
  std::string name_;
  std::string value_;
  std::shared_ptr<const Regex> regex_;
  std::vector<std::string> alternatives_;
};

using Matchers = std::vector<Matcher>;

/// Whether every matcher accepts the label set.
bool match_all(const Matchers& matchers, const Labels& labels);

}  // namespace tocsin::model
