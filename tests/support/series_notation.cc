#include "support/series_notation.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "model/sample.h"

namespace tocsin::testing {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

Error malformed(std::string_view what, std::string_view text) {
  return {ErrorCode::kInvalidInput, std::string(what) + ": " + base::quote(text)};
}

class LabelReader {
 public:
  explicit LabelReader(std::string_view text) : text_(text) {}

  Result<model::Labels> run() {
    model::LabelsBuilder labels;
    const std::string name = word();
    labels.set(model::kMetricName, name);
    if (at_ < text_.size() && text_[at_] == '{') {
      ++at_;
      if (auto status = braces(labels); !status) {
        return status.error();
      }
    } else if (name.empty()) {
      return malformed("expected a series", text_);
    }
    return labels.build();
  }

  std::size_t used() const { return at_; }

 private:
  char peek() {
    while (at_ < text_.size() && is_blank(text_[at_])) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  // A quoted text with the escapes that series in tests use.
  Result<std::string> quoted() {
    const char delimiter = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != delimiter) {
      if (text_[at_] == '\\' && delimiter != '`' && at_ + 1 < text_.size()) {
        ++at_;
        const char c = text_[at_++];
        if (c == 'x' && at_ + 2 <= text_.size()) {
          unsigned value = 0;
          std::from_chars(text_.data() + at_, text_.data() + at_ + 2, value, 16);
          out += static_cast<char>(value);
          at_ += 2;
        } else {
          out += c == 'n' ? '\n' : (c == 't' ? '\t' : c);
        }
      } else {
        out += text_[at_++];
      }
    }
    if (at_ >= text_.size()) {
      return malformed("unterminated text", text_);
    }
    ++at_;
    return out;
  }

  base::Status braces(model::LabelsBuilder& labels) {
    while (peek() != '}') {
      const bool in_quotes = peek() == '"' || peek() == '\'' || peek() == '`';
      auto name = in_quotes ? quoted() : Result<std::string>(word());
      if (!name) {
        return name.error();
      }
      if (in_quotes && peek() != '=') {
        labels.set(model::kMetricName, *name);
      } else {
        if (name->empty() || peek() != '=') {
          return malformed("expected label=\"value\"", text_);
        }
        ++at_;
        if (const char c = peek(); c != '"' && c != '\'' && c != '`') {
          return malformed("expected a quoted value", text_);
        }
        auto value = quoted();
        if (!value) {
          return value.error();
        }
        labels.set(*name, *value);
      }
      if (peek() == ',') {
        ++at_;
      } else if (peek() != '}') {
        return malformed("expected , or }", text_);
      }
    }
    ++at_;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// The repeat count behind the last x of an item, or nothing.
std::optional<std::size_t> repeat_of(std::string_view& item) {
  const auto mark = item.rfind('x');
  if (mark == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = item.substr(mark + 1);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  constexpr std::size_t kMost = 10'000'000;
  if (error != std::errc() || end != digits.data() + digits.size() || count > kMost) {
    return std::nullopt;
  }
  item = item.substr(0, mark);
  return count;
}

// Where the second number of a+b or a-b begins; exponents and a leading sign do not count.
std::size_t step_sign(std::string_view item) {
  for (std::size_t i = 1; i < item.size(); ++i) {
    if ((item[i] == '+' || item[i] == '-') && item[i - 1] != 'e' && item[i - 1] != 'E') {
      return i;
    }
  }
  return std::string_view::npos;
}

base::Status add_item(std::string_view item, SeriesValues& values) {
  const std::string_view whole = item;
  if (item == "stale") {
    values.emplace_back(model::stale_marker());
    return {};
  }
  if (item == "_") {
    values.emplace_back();
    return {};
  }
  // "0x10" is zero eleven times: numbers are decimal here.
  const auto repeat = repeat_of(item);
  if (!repeat) {
    const auto value = base::parse_number(item);
    if (!value) {
      return malformed("not a value", whole);
    }
    values.emplace_back(*value);
    return {};
  }
  if (item == "_") {
    values.insert(values.end(), *repeat, std::nullopt);
    return {};
  }
  const std::size_t sign = step_sign(item);
  const auto first = base::parse_number(item.substr(0, sign));
  auto step = std::optional<double>(0);
  if (sign != std::string_view::npos) {
    step = base::parse_number(item.substr(sign + 1));
    if (step && item[sign] == '-') {
      step = -*step;
    }
  }
  if (!first || !step) {
    return malformed("not a value", whole);
  }
  double value = *first;
  for (std::size_t i = 0; i <= *repeat; ++i) {
    values.emplace_back(value);
    value += *step;
  }
  return {};
}

// Takes `{{…}}`, maybe `{{…}}+{{…}}`, maybe with xN, off the front of the text.
std::string_view take_histogram_item(std::string_view& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.substr(at).starts_with("{{")) {
      const auto end = text.find("}}", at);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else if (is_blank(text[at])) {
      break;
    } else {
      ++at;
    }
  }
  const std::string_view item = text.substr(0, at);
  text.remove_prefix(at);
  return item;
}

}  // namespace

Result<model::Labels> parse_series_labels(std::string_view text, std::size_t* used) {
  LabelReader reader(text);
  auto labels = reader.run();
  *used = reader.used();
  return labels;
}

Result<SeriesValues> parse_series_values(std::string_view text,
                                         std::vector<NotedHistogram>* histograms) {
  SeriesValues values;
  while (true) {
    while (!text.empty() && is_blank(text.front())) {
      text.remove_prefix(1);
    }
    if (text.empty()) {
      return values;
    }
    if (text.starts_with("{{")) {
      std::vector<NotedHistogram> items;
      if (auto status = parse_histogram_item(take_histogram_item(text), items); !status) {
        return status.error();
      }
      if (histograms != nullptr) {
        histograms->resize(values.size());
        std::ranges::move(items, std::back_inserter(*histograms));
      }
      values.insert(values.end(), items.size(), std::nullopt);
      continue;
    }
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    if (auto status = add_item(text.substr(0, end), values); !status) {
      return status.error();
    }
    text.remove_prefix(end);
  }
}

Result<NotedSeries> parse_series_line(std::string_view line) {
  NotedSeries series;
  std::size_t used = 0;
  auto labels = parse_series_labels(line, &used);
  if (!labels) {
    return labels.error();
  }
  auto values = parse_series_values(line.substr(used), &series.histograms);
  if (!values) {
    return values.error();
  }
  series.labels = std::move(*labels);
  series.values = std::move(*values);
  return series;
}

}  // namespace tocsin::testing
