#include "integration/promql_differential/run.h"

#include <algorithm>

#include "base/text.h"
#include "integration/promql_differential/exclusions.h"
#include "integration/promql_differential/grammar.h"
#include "integration/promql_differential/metrics.h"

namespace tocsin::differential {
namespace {

std::string seconds_text(std::int64_t milliseconds) {
  return base::format_number(static_cast<double>(milliseconds) / 1000);
}

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    text.replace(at, what.size(), with);
  }
}

std::optional<std::string> disagreement(const Question& question, const Answers& answers) {
  return difference(answers.theirs, answers.ours, order_counts(question));
}

// The time that a difference in a range vector names; nothing when it names none.
std::optional<std::int64_t> time_of(const std::string& difference) {
  const std::string_view word = " at ";
  const std::size_t at = difference.find(word);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(difference).substr(at + word.size());
  const auto seconds = base::parse_number(rest.substr(0, rest.find(':')));
  return seconds ? std::optional(static_cast<std::int64_t>(*seconds * 1000)) : std::nullopt;
}

bool disagree(Peers& peers, const Question& question) {
  const base::Result<Answers> answers = peers.ask(question);
  return answers && disagreement(question, *answers).has_value();
}

std::int64_t on_grid(std::int64_t time_ms) {
  return time_ms / TimeFrame::kGrid * TimeFrame::kGrid + TimeFrame::kPhase;
}

Question instant_question(Dice& dice, const TimeFrame& frame) {
  Question question;
  question.start_ms = on_grid(dice.between(frame.start_ms + 600'000, frame.end_ms + 300'000));
  question.end_ms = question.start_ms;
  return question;
}

Question range_question(Dice& dice, const TimeFrame& frame) {
  Question question = instant_question(dice, frame);
  question.range = true;
  static const std::vector<std::int64_t> kSteps = {15'000, 30'000, 60'000, 7'500, 1'000, 137'000};
  question.step_ms = dice.one_of(kSteps);
  question.end_ms = question.start_ms + question.step_ms * dice.between(0, 25);
  return question;
}

/// The same at each of a range's times alone, for which start() and end() stay what they were.
std::vector<Question> times_of(const Question& question) {
  std::vector<Question> all;
  for (std::int64_t time = question.start_ms; time <= question.end_ms; time += question.step_ms) {
    Question& one = all.emplace_back(question);
    replace_all(one.expression, "@ start()", "@ " + seconds_text(question.start_ms));
    replace_all(one.expression, "@ end()", "@ " + seconds_text(question.end_ms));
    one.range = false;
    one.start_ms = one.end_ms = time;
  }
  return all;
}

/// The instants of a range query, those at which a difference shows first.
std::vector<Question> instants(const Question& question) {
  std::vector<Question> all;
  for (std::int64_t time = question.start_ms; time <= question.end_ms; time += question.step_ms) {
    Question one = question;
    one.range = false;
    one.start_ms = one.end_ms = time;
    all.push_back(std::move(one));
  }
  for (std::int64_t time = question.start_ms; time <= question.end_ms; time += question.step_ms) {
    Question one = question;
    one.start_ms = one.end_ms = time;
    all.push_back(std::move(one));
  }
  return all;
}

/// One run over one set of series after the other.
class Runner {
 public:
  explicit Runner(const RunOptions& options) : options_(options), dice_(options.seed) {}

  RunResult run() {
    while (result_.expressions < options_.expressions && !done()) {
      const TimeFrame frame = make_frame(dice_);
      auto peers = Peers::start(make_series(catalogue(), frame, dice_));
      if (!peers) {
        result_.broken = peers.error().to_string();
        break;
      }
      const std::size_t end =
          std::min(options_.expressions, result_.expressions + options_.per_data);
      while (result_.expressions < end && !done()) {
        ++result_.expressions;
        ask(**peers, frame, instant_question(dice_, frame));
        ask(**peers, frame, range_question(dice_, frame));
      }
      options_.say(result_.summary());
    }
    return result_;
  }

 private:
  bool done() const {
    return !result_.broken.empty() || result_.reports.size() >= options_.max_reports;
  }

  void ask(Peers& peers, const TimeFrame& frame, Question question) {
    Grammar grammar(dice_, frame);
    const NodePtr node = grammar.query(!question.range);
    question.expression = to_string(*node);
    ++result_.questions;
    const base::Result<Answers> answers = peers.ask(question);
    if (!answers) {
      result_.broken = answers.error().to_string() + "\nasked: " + question.to_string();
      return;
    }
    result_.failed += answers->theirs.failed && answers->ours.failed ? 1 : 0;
    result_.empty += answers->theirs.empty() && answers->ours.empty() ? 1 : 0;
    if (disagreement(question, *answers)) {
      investigate(peers, node, question);
    }
  }

  void investigate(Peers& peers, const NodePtr& node, const Question& question) {
    const Asked asked = shrink(peers, {node, question});
    const Question& smallest = asked.question;
    const base::Result<Answers> answers = peers.ask(smallest);
    if (!answers) {
      result_.broken = answers.error().to_string() + "\nasked: " + smallest.to_string();
      return;
    }
    const Disagreement found{.question = smallest,
                             .theirs = answers->theirs,
                             .ours = answers->ours,
                             .within = ask_within(peers, asked),
                             .instants = ask_instants(peers, smallest)};
    if (const Exclusion* known = find_exclusion(found)) {
      ++result_.excluded[std::string(known->id)];
      return;
    }
    if (prometheus_chooses(peers, smallest)) {
      ++result_.excluded[kChoiceAmongEquals];
      return;
    }
    Report report{.found = question.to_string(),
                  .smallest = smallest,
                  .what = disagreement(smallest, *answers).value_or("no longer")};
    options_.say("theirs and ours disagree: " + report.what +
                 "\n  smallest: " + smallest.to_string() + "\n  found as: " + report.found);
    result_.reports.push_back(std::move(report));
  }

  // What Prometheus says at each of a range's times alone, put together as a range.
  static std::optional<Answer> ask_instants(Peers& peers, const Question& question) {
    if (!question.range) {
      return std::nullopt;
    }
    std::map<std::string, AnswerSeries> series;
    for (const Question& instant : times_of(question)) {
      const base::Result<Answers> answers = peers.ask(instant);
      if (!answers || answers->theirs.failed) {
        return std::nullopt;
      }
      for (const AnswerSeries& one : answers->theirs.series) {
        AnswerSeries& whole = series[one.labels];
        whole.labels = one.labels;
        whole.points.insert(whole.points.end(), one.points.begin(), one.points.end());
      }
    }
    Answer answer;
    answer.result_type = "matrix";
    for (auto& [labels, one] : series) {
      answer.series.push_back(std::move(one));
    }
    return answer;
  }

  static std::vector<Answers> ask_within(Peers& peers, const Asked& asked) {
    std::vector<Answers> all;
    for (const Piece& piece : asked.node->pieces) {
      if (!piece.child) {
        continue;
      }
      Question question = asked.question;
      question.expression = to_string(*piece.child);
      std::vector<Question> questions = {question};
      // A range vector is an answer for one time only.
      if (question.range && piece.child->type == NodeType::kMatrix) {
        questions = times_of(question);
      }
      for (const Question& one : questions) {
        base::Result<Answers> answers = peers.ask(one);
        if (answers) {
          all.push_back(std::move(*answers));
        }
      }
    }
    return all;
  }

  // Whether it depends on chance which of equal values a topk or bottomk prefers: Prometheus then
  // gives several answers to one question, or agrees the next time.
  static bool prometheus_chooses(Peers& peers, const Question& question) {
    const bool chooses = std::ranges::any_of(
        std::initializer_list<std::string_view>{"topk", "bottomk", "max", "min"},
        [&question](std::string_view name) {
          return question.expression.find(name) != std::string::npos;
        });
    if (!chooses) {
      return false;
    }
    const base::Result<Answers> first = peers.ask(question);
    for (int i = 0; i < 20 && first; ++i) {
      const base::Result<Answers> again = peers.ask(question);
      if (again &&
          (difference(first->theirs, again->theirs, false) || !disagreement(question, *again))) {
        return true;
      }
    }
    return false;
  }

  const RunOptions& options_;
  Dice dice_;
  RunResult result_;
};

/// Looks for the smallest question over which both still disagree.
class Shrinker {
 public:
  Shrinker(Peers& peers, NodePtr node, Question question)
      : peers_(peers), node_(std::move(node)), question_(std::move(question)) {}

  Asked run() {
    if (question_.range) {
      for (const Question& instant : instants(question_)) {
        if (accept(node_, instant)) {
          break;
        }
      }
    }
    while (smaller_expression() || inside_a_subquery()) {
    }
    return {node_, question_};
  }

 private:
  bool accept(const NodePtr& node, Question question) {
    question.expression = to_string(*node);
    if (++asked_ > kMaxQuestions || !disagree(peers_, question)) {
      return false;
    }
    node_ = node;
    question_ = std::move(question);
    return true;
  }

  bool smaller_expression() {
    std::vector<NodePtr> candidates = inner_expressions(node_);
    const std::vector<NodePtr> changed = smaller(node_);
    candidates.insert(candidates.end(), changed.begin(), changed.end());
    return std::ranges::any_of(candidates, [this](const NodePtr& candidate) {
      return to_string(*candidate).size() < question_.expression.size() &&
             accept(candidate, question_);
    });
  }

  // What a subquery evaluates, at the times at which it may have done so, each alone or all at
  // once.
  bool inside_a_subquery() {
    // From the question's time back, and from each time that an @ names.
    std::vector<std::int64_t> ends = {question_.end_ms};
    for (const std::string_view part : base::split(question_.expression, '@')) {
      const std::string_view word =
          base::trim(part).substr(0, base::trim(part).find_first_of(" )[]"));
      if (const auto seconds = base::parse_number(word); seconds && *seconds > 1e9) {
        ends.push_back(static_cast<std::int64_t>(*seconds * 1000));
      }
    }
    if (const base::Result<Answers> answers = peers_.ask(question_)) {
      const auto found = disagreement(question_, *answers);
      if (const auto time = found ? time_of(*found) : std::nullopt) {
        ends.push_back(*time + kInnerGrid);
      }
    }
    for (const NodePtr& inner : within_subqueries(node_)) {
      if (std::ranges::any_of(ends, [&](std::int64_t end) { return ask_back(inner, end); })) {
        return true;
      }
    }
    return false;
  }

  // Asks at the instants before `end`, then over the ranges.
  bool ask_back(const NodePtr& inner, std::int64_t end) {
    Question part = question_;
    const std::int64_t newest = end / kInnerGrid * kInnerGrid;
    part.range = false;
    for (std::int64_t ago = 0; ago < kInnerTime; ago += kInnerStep) {
      part.start_ms = part.end_ms = newest - ago;
      if (accept(inner, part)) {
        return true;
      }
    }
    part.range = true;
    part.end_ms = newest;
    part.start_ms = newest - kInnerTime;
    for (const std::int64_t step : {7'500, 30'000, 60'000}) {
      part.step_ms = step;
      if (accept(inner, part)) {
        return true;
      }
    }
    return false;
  }

  static constexpr int kMaxQuestions = 1000;
  static constexpr std::int64_t kInnerGrid = 60'000;
  static constexpr std::int64_t kInnerStep = 7'500;
  static constexpr std::int64_t kInnerTime = 1'200'000;

  Peers& peers_;
  NodePtr node_;
  Question question_;
  int asked_ = 0;
};

}  // namespace

Asked shrink(Peers& peers, const Asked& asked) {
  return Shrinker(peers, asked.node, asked.question).run();
}

RunResult run_random(const RunOptions& options) { return Runner(options).run(); }

std::string RunResult::summary() const {
  std::string text = std::to_string(expressions) + " expressions, " + std::to_string(questions) +
                     " questions: " + std::to_string(failed) + " errors on both sides, " +
                     std::to_string(empty) + " empty answers, " + std::to_string(reports.size()) +
                     " disagreements";
  for (const auto& [id, count] : excluded) {
    text += ", " + std::to_string(count) + " " + id;
  }
  return text;
}

}  // namespace tocsin::differential
