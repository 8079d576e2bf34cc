#include "exposition/line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "exposition/scalar.h"
#include "model/labels.h"

namespace tocsin::exposition {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool LineReader::fail_at(std::size_t offset, std::string reason) {
  fault_ = {offset, std::move(reason)};
  return false;
}

bool LineReader::fail(std::string reason) { return fail_at(at_, std::move(reason)); }

void LineReader::skip_blanks() {
  while (is_blank(peek())) {
    ++at_;
  }
}

bool LineReader::gap() {
  if (exact_) {
    if (peek() != ' ') {
      return fail("expected a space");
    }
    ++at_;
    return is_blank(peek()) ? fail("expected exactly one space") : true;
  }
  if (!is_blank(peek())) {
    return fail("expected a space");
  }
  skip_blanks();
  return true;
}

std::string_view LineReader::metric_name() {
  const std::size_t start = at_;
  if (is_letter(peek()) || peek() == ':') {
    while (is_letter(peek()) || is_digit(peek()) || peek() == ':') {
      ++at_;
    }
  }
  return line_.substr(start, at_ - start);
}

std::string_view LineReader::label_name() {
  const std::size_t start = at_;
  if (is_letter(peek())) {
    while (is_letter(peek()) || is_digit(peek())) {
      ++at_;
    }
  }
  return line_.substr(start, at_ - start);
}

std::string_view LineReader::word() {
  const std::size_t start = at_;
  while (!done() && !is_blank(peek())) {
    ++at_;
  }
  return line_.substr(start, at_ - start);
}

bool LineReader::quoted(std::string_view& text) {
  const std::size_t start = ++at_;  // behind the opening quote
  bool escapes = false;
  while (!done() && peek() != '"') {
    if (peek() == '\\') {
      escapes = true;
      ++at_;
    }
    ++at_;
  }
  if (done()) {
    at_ = line_.size();
    return fail_at(start - 1, "the quoted text does not end on this line");
  }
  text = line_.substr(start, at_ - start);
  ++at_;
  if (escapes) {
    text = texts_.emplace_back(unescape(text, true));
  }
  return true;
}

bool LineReader::one_label(std::vector<LabelView>& labels, std::size_t first,
                           std::string_view* metric_name) {
  const std::size_t start = at_;
  const bool in_quotes = peek() == '"';
  std::string_view name;
  if (in_quotes) {
    if (!quoted(name)) {
      return false;
    }
  } else {
    name = label_name();
  }
  if (name.empty()) {
    return fail_at(start, "expected a label name");
  }
  if (!exact_) {
    skip_blanks();
  }
  if (in_quotes && metric_name != nullptr && peek() != '=') {
    if (!metric_name->empty()) {
      return fail_at(start, "a second metric name");
    }
    *metric_name = name;
    return true;
  }
  if (peek() != '=') {
    return fail("expected = after the label name");
  }
  ++at_;
  if (!exact_) {
    skip_blanks();
  }
  if (peek() != '"') {
    return fail("expected a label value in double quotes");
  }
  std::string_view value;
  if (!quoted(value)) {
    return false;
  }
  const bool names_metric = metric_name != nullptr && name == model::kMetricName;
  const bool repeated =
      names_metric ? !metric_name->empty()
                   : std::any_of(labels.begin() + static_cast<std::ptrdiff_t>(first), labels.end(),
                                 [name](const LabelView& label) { return label.name == name; });
  if (repeated) {
    return fail_at(start, "label " + base::quote(name) + " appears twice");
  }
  if (names_metric) {
    *metric_name = value;
  } else {
    labels.push_back({name, value});
  }
  return true;
}

bool LineReader::label_set(std::vector<LabelView>& labels, std::string_view* metric_name) {
  const std::size_t first = labels.size();
  ++at_;  // the opening brace
  if (!exact_) {
    skip_blanks();
  }
  while (peek() != '}') {
    if (!one_label(labels, first, metric_name)) {
      return false;
    }
    if (!exact_) {
      skip_blanks();
    }
    if (peek() == '}') {
      break;
    }
    if (peek() != ',') {
      return fail("expected , or } after a label");
    }
    ++at_;
    if (!exact_) {
      skip_blanks();
    } else if (peek() == '}') {
      return fail("expected a label after the comma");
    }
  }
  ++at_;
  return true;
}

bool LineReader::series(std::vector<LabelView>& labels, SampleLine& sample) {
  if (!exact_) {
    skip_blanks();
  }
  const std::size_t start = at_;
  sample.name = metric_name();
  if (sample.name.empty() && peek() != '{') {
    return fail("expected a metric name");
  }
  std::size_t end = at_;
  if (!exact_) {
    skip_blanks();
  }
  sample.first_label = labels.size();
  if (peek() == '{') {
    if (!label_set(labels, &sample.name)) {
      return false;
    }
    end = at_;
  } else {
    at_ = end;
  }
  sample.label_count = labels.size() - sample.first_label;
  sample.series = line_.substr(start, end - start);
  return sample.name.empty() ? fail_at(start, "the metric name is missing") : true;
}

bool LineReader::number(double& value, const char* what) {
  const std::size_t start = at_;
  const std::string_view text = word();
  const std::optional<double> parsed = read_number(text);
  if (!parsed) {
    return fail_at(start, text.empty() ? std::string("the ") + what + " is missing"
                                       : std::string("invalid ") + what + " " + base::quote(text));
  }
  value = *parsed;
  return true;
}

bool LineReader::timestamp(SampleLine& sample) {
  const std::size_t start = at_;
  if (format_ == Format::kText) {
    const std::string_view text = word();
    std::int64_t time_ms = 0;
    const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
    const auto [end, error] = std::from_chars(first, text.data() + text.size(), time_ms);
    if (error != std::errc() || end != text.data() + text.size()) {
      return fail_at(start, "invalid timestamp " + base::quote(text));
    }
    sample.time_ms = time_ms;
    return true;
  }
  double seconds = 0;
  if (!number(seconds, "timestamp")) {
    return false;
  }
  constexpr double kLimit = 9.2e15;  // seconds whose milliseconds fit into 64 bits
  if (!(std::abs(seconds) < kLimit)) {
    return fail_at(start, "the timestamp is not a time");
  }
  sample.time_seconds = seconds;
  sample.time_ms = static_cast<std::int64_t>(seconds * 1000);
  return true;
}

bool LineReader::exemplar(std::vector<LabelView>& labels, SampleLine& sample) {
  sample.has_exemplar = true;
  sample.exemplar_offset = at_;
  ++at_;  // the #
  if (!gap()) {
    return false;
  }
  if (peek() != '{') {
    return fail("expected the labels of an exemplar");
  }
  sample.first_exemplar_label = labels.size();
  if (!label_set(labels, nullptr)) {
    return false;
  }
  sample.exemplar_label_count = labels.size() - sample.first_exemplar_label;
  double value = 0;
  if (!gap() || !number(value, "value of the exemplar")) {
    return false;
  }
  if (!exact_) {
    skip_blanks();
  }
  if (done()) {
    return true;
  }
  SampleLine time;
  return (!exact_ || gap()) && timestamp(time);
}

std::optional<Fault> LineReader::read_sample(std::string_view line, std::vector<LabelView>& labels,
                                             SampleLine& sample) {
  line_ = line;
  at_ = 0;
  sample = {};
  const auto parts = [&]() -> bool {
    if (!series(labels, sample)) {
      return false;
    }
    // A value may follow the closing brace at once in the text format.
    const bool tight = !exact_ && peek() != ' ' && peek() != '\t' && sample.series.ends_with('}');
    if (!tight && !gap()) {
      return false;
    }
    sample.value_offset = at_;
    if (!number(sample.value, "value")) {
      return false;
    }
    if (!exact_) {
      skip_blanks();
    }
    if (!done() && (exact_ ? line_.substr(at_, 2) != " #" : peek() != '#')) {
      if ((exact_ && !gap()) || !timestamp(sample)) {
        return false;
      }
    }
    if (!exact_) {
      skip_blanks();
    }
    if (done()) {
      return true;
    }
    if (exact_ && !gap()) {
      return false;
    }
    if (peek() != '#' || format_ == Format::kText) {
      return fail("unexpected text behind the sample");
    }
    if (!exemplar(labels, sample)) {
      return false;
    }
    if (!exact_) {
      skip_blanks();
    }
    return done() ? true : fail("unexpected text behind the exemplar");
  };
  if (parts()) {
    return std::nullopt;
  }
  return std::move(fault_);
}

std::optional<Fault> LineReader::read_comment(std::string_view line, CommentLine& comment) {
  line_ = line;
  at_ = 0;
  comment = {};
  const auto parts = [&]() -> bool {
    if (exact_ ? line_ == "# EOF" : base::trim(line_) == "# EOF") {
      comment.kind = format_ == Format::kOpenMetrics ? CommentKind::kEof : CommentKind::kOther;
      return true;
    }
    skip_blanks();
    ++at_;  // the #
    if (!exact_) {
      skip_blanks();
    } else if (!gap()) {
      return false;
    }
    const std::size_t start = at_;
    const std::string_view keyword = word();
    CommentKind kind = CommentKind::kOther;
    if (keyword == "HELP") {
      kind = CommentKind::kHelp;
    } else if (keyword == "TYPE") {
      kind = CommentKind::kType;
    } else if (keyword == "UNIT" && format_ == Format::kOpenMetrics) {
      kind = CommentKind::kUnit;
    } else {
      return exact_ ? fail_at(start, "expected HELP, TYPE, UNIT or EOF") : true;
    }
    if (!gap()) {
      return false;
    }
    if (peek() == '"') {
      if (!quoted(comment.name)) {
        return false;
      }
    } else {
      comment.name = metric_name();
    }
    if (comment.name.empty()) {
      return fail("expected the name of a metric family");
    }
    if (!done() || exact_) {
      if (!is_blank(peek()) || (exact_ && peek() != ' ')) {
        return fail("expected a space after the name of the metric family");
      }
      ++at_;
    }
    if (!exact_) {
      skip_blanks();
    }
    comment.kind = kind;
    comment.text_offset = at_;
    comment.text = line_.substr(at_);
    return true;
  };
  if (parts()) {
    return std::nullopt;
  }
  return std::move(fault_);
}

}  // namespace tocsin::exposition
