#include "conformance/promql/script.h"

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "base/text.h"
#include "promql/strings.h"

namespace tocsin::promqltest {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Status;

// Takes the first word off the text.
std::string_view take_word(std::string_view& text) {
  text = base::trim(text);
  const auto end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = base::trim(text.substr(end));
  return word;
}

class ScriptReader {
 public:
  explicit ScriptReader(std::string_view text) {
    for (const std::string_view raw : base::split(text, '\n')) {
      const std::string_view line = base::trim(raw);
      lines_.push_back(line.starts_with('#') ? std::string_view() : line);
    }
  }

  Result<std::vector<Command>> run() {
    std::vector<Command> commands;
    while (at_ < lines_.size()) {
      if (lines_[at_].empty()) {
        ++at_;
        continue;
      }
      auto command = one();
      if (!command) {
        const int line = static_cast<int>(at_) + 1;
        return std::move(command.error()).context("line " + std::to_string(line));
      }
      commands.push_back(std::move(*command));
    }
    return commands;
  }

 private:
  static Error fault(std::string_view what, std::string_view text) {
    return {ErrorCode::kInvalidInput, std::string(what) + ": " + std::string(text)};
  }

  static Result<std::int64_t> time(std::string_view text) {
    auto duration = base::parse_duration(text);
    if (!duration) {
      return duration.error();
    }
    return duration->count();
  }

  bool more() const { return at_ < lines_.size() && !lines_[at_].empty(); }

  Result<Command> one() {
    std::string_view rest = lines_[at_];
    const std::string word = base::to_lower(take_word(rest));
    if (word == "clear") {
      ++at_;
      return Command(Clear{});
    }
    if (word.starts_with("load")) {
      return load(word, rest);
    }
    if (word.starts_with("eval")) {
      return eval(word, rest);
    }
    return fault("unknown command", word);
  }

  Result<Command> load(std::string_view word, std::string_view rest) {
    Load load;
    load.with_nhcb = word == "load_with_nhcb";
    const auto step = time(take_word(rest));
    if (!step) {
      return step.error();
    }
    load.step_ms = *step;
    StartOffsets offsets;  // of the line that follows
    for (++at_; more(); ++at_) {
      std::size_t used = 0;
      const auto labels = testing::parse_series_labels(lines_[at_], &used);
      constexpr std::string_view kStarts = "@st";
      if (labels && lines_[at_].substr(used).starts_with(kStarts)) {
        auto parsed = parse_start_offsets(lines_[at_].substr(used + kStarts.size()));
        if (!parsed) {
          return parsed.error();
        }
        offsets = std::move(*parsed);
        continue;
      }
      auto series = testing::parse_series_line(lines_[at_]);
      if (!series) {
        return series.error();
      }
      std::erase_if(load.series, [&](const auto& s) { return s.series.labels == series->labels; });
      load.series.push_back({std::move(*series), std::exchange(offsets, {})});
    }
    return Command(std::move(load));
  }

  // "from <time> to <time> step <duration> rest"; `rest` is what follows.
  static Result<Steps> steps(std::string_view& rest) {
    Steps steps;
    for (auto& [word, value] : {std::pair<std::string_view, std::int64_t*>{"from", &steps.start_ms},
                                {"to", &steps.end_ms},
                                {"step", &steps.step_ms}}) {
      if (take_word(rest) != word) {
        return fault("expected", word);
      }
      const auto parsed = time(take_word(rest));
      if (!parsed) {
        return parsed.error();
      }
      *value = *parsed;
    }
    return steps;
  }

  Result<Command> eval(std::string_view word, std::string_view rest) {
    Eval eval;
    eval.line = static_cast<int>(at_) + 1;
    eval.fails = word == "eval_fail";
    eval.ordered = word == "eval_ordered";
    if (word == "eval_warn") {
      eval.warnings.each.emplace_back();
    } else if (word == "eval_info") {
      eval.infos.each.emplace_back();
    }
    eval.instant = take_word(rest) == "instant";
    if (eval.instant) {
      if (take_word(rest) != "at") {
        return fault("expected", "at");
      }
      const auto at = time(take_word(rest));
      if (!at) {
        return at.error();
      }
      eval.steps = {*at, *at, 1};
    } else {
      auto range = steps(rest);
      if (!range) {
        return range.error();
      }
      eval.steps = *range;
    }
    eval.expression = rest;
    eval.query = promql::parse(rest, promql::ParseOptions::all());
    for (++at_; more(); ++at_) {
      auto last = body(eval, lines_[at_]);
      if (!last) {
        return last.error();
      }
      if (*last) {
        ++at_;
        break;
      }
    }
    return Command(std::move(eval));
  }

  // One line below an eval; true when it ends the body.
  static Result<bool> body(Eval& eval, std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (word == "expect") {
      if (auto status = expect(eval, rest); !status) {
        return status.error();
      }
      return false;
    }
    if (word == "expected_fail_message" || word == "expected_fail_regexp") {
      eval.failure = ExpectedText{word.ends_with("regexp"), std::string(rest)};
      return true;
    }
    if (const auto number = base::parse_number(line)) {
      eval.scalar = number;
      return true;
    }
    auto series = testing::parse_series_line(line);
    if (!series) {
      return series.error();
    }
    eval.series.push_back(std::move(*series));
    return false;
  }

  static std::optional<ExpectedText> text_of(std::string_view rest) {
    if (rest.starts_with("msg:")) {
      return ExpectedText{false, std::string(base::trim(rest.substr(4)))};
    }
    if (rest.starts_with("regex:")) {
      return ExpectedText{true, std::string(base::trim(rest.substr(6)))};
    }
    return std::nullopt;
  }

  static Status expect(Eval& eval, std::string_view rest) {
    const std::string_view what = take_word(rest);
    if (what == "fail") {
      eval.fails = true;
      eval.failure = text_of(rest);
    } else if (what == "warn") {
      eval.warnings.each.push_back(text_of(rest));
    } else if (what == "info") {
      eval.infos.each.push_back(text_of(rest));
    } else if (what == "no_warn") {
      eval.warnings.none = true;
    } else if (what == "no_info") {
      eval.infos.none = true;
    } else if (what == "ordered") {
      eval.ordered = true;
    } else if (what == "string" && rest.size() >= 2) {
      auto text = promql::unquote(rest);
      if (!text) {
        return text.error();
      }
      eval.string = std::move(*text);
    } else if (what == "range") {
      take_word(rest);  // "vector"
      auto range = steps(rest);
      if (!range) {
        return range.error();
      }
      eval.range_vector = *range;
    } else {
      return fault("unknown expectation", what);
    }
    return {};
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Command>> parse_script(std::string_view text) {
  return ScriptReader(text).run();
}

}  // namespace tocsin::promqltest
