#include "support/histogram_notation.h"

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "model/histogram_algebra.h"

namespace tocsin::testing {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::Histogram;

Error malformed(std::string_view what, std::string_view text) {
  return {ErrorCode::kInvalidInput, std::string(what) + ": " + base::quote(text)};
}

struct Parsed {
  Histogram histogram;
  bool states_reset = false;
};

// Reads what stands between the braces.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Parsed> run() {
    while (skip_blanks(), at_ < text_.size()) {
      const auto colon = text_.find(':', at_);
      if (colon == std::string_view::npos) {
        return malformed("expected key:value in a histogram", text_);
      }
      const std::string_view key = text_.substr(at_, colon - at_);
      at_ = colon + 1;
      if (auto status = field(key, value()); !status) {
        return status.error();
      }
    }
    place(buckets_, offset_, parsed_.histogram.positive);
    place(negative_buckets_, negative_offset_, parsed_.histogram.negative);
    return std::move(parsed_);
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  // A word, or what stands within brackets.
  std::string_view value() {
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '[') {
      const auto end = std::min(text_.find(']', at_), text_.size());
      const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
      at_ = std::min(end + 1, text_.size());
      return inner;
    }
    const auto end = std::min(text_.find_first_of(" \t", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    return word;
  }

  static base::Status number(std::string_view text, double& out) {
    const auto parsed = base::parse_number(text);
    if (!parsed) {
      return malformed("not a number", text);
    }
    out = *parsed;
    return {};
  }

  static base::Status integer(std::string_view text, std::int32_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size()) {
      return malformed("not an integer", text);
    }
    return {};
  }

  static base::Status numbers(std::string_view text, std::vector<double>& out) {
    for (const std::string_view word : base::split(text, ' ')) {
      if (word.empty()) {
        continue;
      }
      if (auto status = number(word, out.emplace_back()); !status) {
        return status;
      }
    }
    return {};
  }

  base::Status hint(std::string_view word) {
    parsed_.states_reset = true;
    auto& reset = parsed_.histogram.reset;
    if (word == "unknown") {
      reset = model::CounterReset::kUnknown;
    } else if (word == "reset") {
      reset = model::CounterReset::kReset;
    } else if (word == "not_reset") {
      reset = model::CounterReset::kNotReset;
    } else if (word == "gauge") {
      reset = model::CounterReset::kGauge;
    } else {
      return malformed("not a counter reset hint", word);
    }
    return {};
  }

  base::Status field(std::string_view key, std::string_view text) {
    Histogram& histogram = parsed_.histogram;
    if (key == "schema") {
      return integer(text, histogram.schema);
    }
    if (key == "sum") {
      return number(text, histogram.sum);
    }
    if (key == "count") {
      return number(text, histogram.count);
    }
    if (key == "z_bucket") {
      return number(text, histogram.zero_count);
    }
    if (key == "z_bucket_w") {
      return number(text, histogram.zero_threshold);
    }
    if (key == "custom_values") {
      return numbers(text, histogram.bounds);
    }
    if (key == "buckets") {
      return numbers(text, buckets_);
    }
    if (key == "n_buckets") {
      return numbers(text, negative_buckets_);
    }
    if (key == "offset") {
      return integer(text, offset_);
    }
    if (key == "n_offset") {
      return integer(text, negative_offset_);
    }
    return key == "counter_reset_hint" ? hint(text) : malformed("unknown histogram key", key);
  }

  static void place(const std::vector<double>& counts, std::int32_t index,
                    model::HistogramBuckets& out) {
    for (const double count : counts) {
      out.push_back({index++, count});
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Parsed parsed_;
  std::vector<double> buckets_;
  std::vector<double> negative_buckets_;
  std::int32_t offset_ = 0;
  std::int32_t negative_offset_ = 0;
};

// Takes `{{…}}` off the front of the text.
Result<Parsed> take_histogram(std::string_view& text) {
  const auto end = text.find("}}");
  if (!text.starts_with("{{") || end == std::string_view::npos) {
    return malformed("expected {{…}}", text);
  }
  auto parsed = Reader(text.substr(2, end - 2)).run();
  text.remove_prefix(end + 2);
  return parsed;
}

std::optional<std::size_t> take_repeat(std::string_view text) {
  std::size_t count = 0;
  if (!text.starts_with('x')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  constexpr std::size_t kMost = 100'000;
  if (error != std::errc() || end != text.data() + text.size() || count > kMost) {
    return std::nullopt;
  }
  return count;
}

void put(const Parsed& parsed, std::vector<NotedHistogram>& out) {
  out.push_back({std::make_shared<const Histogram>(parsed.histogram), parsed.states_reset});
}

}  // namespace

base::Status parse_histogram_item(std::string_view item, std::vector<NotedHistogram>& out) {
  const std::string_view whole = item;
  auto first = take_histogram(item);
  if (!first) {
    return first.error();
  }
  put(*first, out);
  if (item.empty()) {
    return {};
  }
  std::optional<Parsed> step;
  const bool minus = item.starts_with('-');
  if (minus || item.starts_with('+')) {
    item.remove_prefix(1);
    auto parsed = take_histogram(item);
    if (!parsed) {
      return parsed.error();
    }
    if (first->histogram.schema > parsed->histogram.schema) {
      return malformed("the first schema is larger than that of the step", whole);
    }
    step = std::move(*parsed);
  }
  const auto repeat = take_repeat(item);
  if (!repeat) {
    return malformed("expected xN behind a histogram", whole);
  }
  for (std::size_t i = 0; i < *repeat; ++i) {
    if (step) {
      const auto joining = minus ? model::subtract(first->histogram, step->histogram)
                                 : model::add(first->histogram, step->histogram);
      if (joining.incompatible) {
        return malformed("histograms do not go together", whole);
      }
    }
    put(*first, out);
  }
  return {};
}

}  // namespace tocsin::testing
