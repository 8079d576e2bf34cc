#include <algorithm>
#include <limits>

#include "base/text.h"
#include "yaml/document.h"
#include "yaml/scalar.h"

namespace tocsin::yaml {
namespace {

using base::ErrorCode;

/// How many characters have to be inserted, removed or replaced to make one of the other.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = i;
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view nearest(std::string_view key, const std::vector<std::string>& known) {
  std::string_view best;
  std::size_t distance = std::max<std::size_t>(1, std::min<std::size_t>(key.size(), 30) / 3) + 1;
  for (const std::string& candidate : known) {
    if (candidate.size() > key.size() + distance || key.size() > candidate.size() + distance) {
      continue;
    }
    if (const std::size_t found = edit_distance(key, candidate); found < distance) {
      distance = found;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

std::string describe(const Node& node) {
  switch (node.kind()) {
    case NodeKind::kNull:
      return "nothing";
    case NodeKind::kSequence:
      return "a list";
    case NodeKind::kMapping:
      return "a mapping";
    case NodeKind::kScalar:
      break;
  }
  const std::string_view text = base::truncate_utf8(node.written(), 60);
  return (node.quoted() ? "the quoted text " : "") + base::quote(text) +
         (text.size() < node.written().size() ? "…" : "");
}

void Problems::add(const Node& node, std::string message) {
  errors_.push_back(base::Error(ErrorCode::kInvalidInput, std::move(message)).at(node.position()));
}

void Problems::append(const Problems& others) {
  errors_.insert(errors_.end(), others.errors_.begin(), others.errors_.end());
  warnings_.insert(warnings_.end(), others.warnings_.begin(), others.warnings_.end());
}

void Problems::add(base::Error error) { errors_.push_back(std::move(error)); }

void Problems::warn(const Node& node, std::string message) {
  warnings_.push_back(
      base::Error(ErrorCode::kInvalidInput, std::move(message)).at(node.position()));
}

MappingReader::MappingReader(const Node& node, std::string_view what, Problems& problems)
    : node_(node), what_(what), problems_(problems) {
  if (node.kind() != NodeKind::kMapping && !node.is_null()) {
    problems_.add(node, what_ + ": expected a mapping, found " + describe(node));
  }
}

const Node* MappingReader::take(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
    known_.emplace_back(key);
  }
  return node_.find(key);
}

const Node* MappingReader::require(std::string_view key) {
  const Node* child = take(key);
  if (child == nullptr && (node_.kind() == NodeKind::kMapping || node_.is_null())) {
    problems_.add(node_, what_ + ": " + base::quote(key) + " is missing");
  }
  return child;
}

void MappingReader::report(const Node& node, std::string_view key, std::string_view message) {
  problems_.add(node, std::string(key) + ": " + std::string(message));
}

const Node* MappingReader::scalar(std::string_view key, std::string_view expected) {
  const Node* child = take(key);
  if (child == nullptr || child->is_null()) {
    return nullptr;
  }
  if (child->kind() != NodeKind::kScalar) {
    report(*child, key, "expected " + std::string(expected) + ", found " + describe(*child));
    return nullptr;
  }
  return child;
}

const Node* MappingReader::plain(std::string_view key, std::string_view expected) {
  const Node* child = scalar(key, expected);
  if (child != nullptr && child->quoted()) {
    report(*child, key, "expected " + std::string(expected) + ", found " + describe(*child));
    return nullptr;
  }
  return child;
}

std::optional<std::string> MappingReader::text(std::string_view key) {
  const Node* child = scalar(key, "a text");
  return child == nullptr ? std::nullopt : std::optional(child->text());
}

std::optional<std::string> MappingReader::required_text(std::string_view key) {
  const Node* child = require(key);
  if (child != nullptr &&
      (child->is_null() || (child->kind() == NodeKind::kScalar && child->text().empty()))) {
    report(*child, key, "must not be empty");
    return std::nullopt;
  }
  return text(key);
}

std::optional<base::Secret> MappingReader::secret(std::string_view key) {
  const Node* child = scalar(key, "a text");
  return child == nullptr ? std::nullopt : std::optional(base::Secret(child->text()));
}

std::optional<std::string> MappingReader::choice(std::string_view key,
                                                 std::initializer_list<std::string_view> choices) {
  const Node* child = scalar(key, "a text");
  if (child == nullptr) {
    return std::nullopt;
  }
  if (std::find(choices.begin(), choices.end(), child->text()) == choices.end()) {
    std::vector<std::string> quoted;
    for (const std::string_view candidate : choices) {
      quoted.push_back(base::quote(candidate));
    }
    report(*child, key, "expected " + base::join(quoted, " or ") + ", found " + describe(*child));
    return std::nullopt;
  }
  return child->text();
}

std::optional<bool> MappingReader::boolean(std::string_view key) {
  const Node* child = plain(key, "true or false");
  if (child == nullptr) {
    return std::nullopt;
  }
  const std::optional<bool> value = parse_boolean(child->text());
  if (!value) {
    report(*child, key, "expected true or false, found " + describe(*child));
  }
  return value;
}

std::optional<std::int64_t> MappingReader::integer(std::string_view key, std::int64_t min,
                                                   std::int64_t max) {
  const Node* child = plain(key, "a whole number");
  if (child == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> value = parse_integer(child->text());
  if (!value) {
    report(*child, key, "expected a whole number, found " + describe(*child));
  } else if (*value < min || *value > max) {
    std::string range = "at least " + std::to_string(min);
    if (max != std::numeric_limits<std::int64_t>::max()) {
      range = "between " + std::to_string(min) + " and " + std::to_string(max);
    }
    report(*child, key, child->written() + " is out of range, expected a whole number " + range);
    return std::nullopt;
  }
  return value;
}

std::optional<double> MappingReader::number(std::string_view key) {
  const Node* child = plain(key, "a number");
  if (child == nullptr) {
    return std::nullopt;
  }
  const std::optional<double> value = parse_float(child->text());
  if (!value) {
    report(*child, key, "expected a number, found " + describe(*child));
  }
  return value;
}

std::optional<base::Duration> MappingReader::duration(std::string_view key) {
  const Node* child = scalar(key, "a duration such as 30s or 1h30m");
  if (child == nullptr) {
    return std::nullopt;
  }
  const base::Result<base::Duration> value = base::parse_duration(child->text());
  if (!value) {
    report(*child, key,
           "not a valid duration " + base::quote(child->written()) +
               ", expected such as 30s or 1h30m");
    return std::nullopt;
  }
  return *value;
}

std::optional<std::uint64_t> MappingReader::size(std::string_view key) {
  const Node* child = scalar(key, "a size such as 512KB or 10MB");
  if (child == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::uint64_t> value = parse_size(child->text());
  if (!value) {
    report(
        *child, key,
        "not a valid size " + base::quote(child->written()) + ", expected such as 512KB or 10MB");
  }
  return value;
}

std::vector<const Node*> MappingReader::items(std::string_view key) {
  std::vector<const Node*> result;
  const Node* child = take(key);
  if (child == nullptr || child->is_null()) {
    return result;
  }
  if (child->kind() != NodeKind::kSequence) {
    report(*child, key, "expected a list, found " + describe(*child));
  }
  for (const Node& item : child->items()) {
    result.push_back(&item);
  }
  return result;
}

std::vector<const Node*> MappingReader::mappings(std::string_view key) {
  std::vector<const Node*> result = items(key);
  std::erase_if(result, [&](const Node* item) {
    const bool wrong = item->kind() != NodeKind::kMapping;
    if (wrong) {
      report(*item, key, "expected a list of mappings, found " + describe(*item) + " in it");
    }
    return wrong;
  });
  return result;
}

std::vector<std::string> MappingReader::texts(std::string_view key) {
  std::vector<std::string> result;
  for (const Node* item : items(key)) {
    if (item->kind() == NodeKind::kSequence || item->kind() == NodeKind::kMapping) {
      report(*item, key, "expected a list of texts, found " + describe(*item) + " in it");
    } else {
      result.push_back(item->text());
    }
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> MappingReader::text_map(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> result;
  const Node* child = take(key);
  if (child == nullptr || child->is_null()) {
    return result;
  }
  if (child->kind() != NodeKind::kMapping) {
    report(*child, key, "expected a mapping of texts, found " + describe(*child));
  }
  for (const auto& [name, value] : child->entries()) {
    if (value.kind() == NodeKind::kSequence || value.kind() == NodeKind::kMapping) {
      report(value, key,
             "expected a text for " + base::quote(name.text()) + ", found " + describe(value));
    } else {
      result.emplace_back(name.text(), value.text());
    }
  }
  return result;
}

void MappingReader::problem(std::string_view key, std::string_view message) {
  const Node* child = take(key);
  report(child == nullptr ? node_ : *child, key, message);
}

void MappingReader::warning(std::string_view key, std::string_view message) {
  const Node* child = take(key);
  problems_.warn(child == nullptr ? node_ : *child, std::string(key) + ": " + std::string(message));
}

void MappingReader::unsupported(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const Node* child = take(key); child != nullptr) {
      problems_.add(
          base::Error(ErrorCode::kUnsupported, std::string(key) + ": not supported yet in " + what_)
              .at(child->position()));
    }
  }
}

void MappingReader::ignored(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const Node* child = take(key); child != nullptr) {
      problems_.warn(*child, std::string(key) + ": has no effect here and is ignored");
    }
  }
}

void MappingReader::finish() {
  for (const auto& [key, value] : node_.entries()) {
    if (std::find(known_.begin(), known_.end(), key.text()) != known_.end()) {
      continue;
    }
    std::string message = "unknown key " + base::quote(key.text()) + " in " + what_;
    if (const std::string_view hint = nearest(key.text(), known_); !hint.empty()) {
      message += ", did you mean " + base::quote(hint) + "?";
    }
    problems_.add(key, std::move(message));
  }
}

}  // namespace tocsin::yaml
