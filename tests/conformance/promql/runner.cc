#include "conformance/promql/runner.h"

#include <filesystem>
#include <set>
#include <utility>

#include "base/text.h"
#include "conformance/promql/compare.h"
#include "conformance/promql/rewrite.h"
#include "conformance/promql/storage.h"
#include "support/conformance.h"
#include "support/memory_series.h"

namespace tocsin::promqltest {
namespace {

using base::Result;

class Runner {
 public:
  explicit Runner(std::string file) : file_(std::move(file)) {
    options_.delayed_name_removal = true;
    options_.use_start_timestamps = true;
    options_.max_samples = 10'000;
  }

  void run(const Command& command, const std::function<bool(int)>& wanted) {
    if (std::holds_alternative<Clear>(command)) {
      series_.clear();
    } else if (const auto* load = std::get_if<Load>(&command)) {
      load_into(series_, *load);
    } else if (const auto& eval = std::get<Eval>(command); wanted(eval.line)) {
      const std::string problem = this->eval(eval);
      if (problem.empty()) {
        ++summary_.passed;
      } else {
        summary_.failures.push_back({file_, eval.line, eval.expression + "\n" + problem});
      }
    }
  }

  Summary take() { return std::move(summary_); }

 private:
  Result<promql::Evaluation> at(const promql::Query& query, std::int64_t time_ms) const {
    const auto time = base::from_millis(time_ms);
    const auto selections = promql::selections(query, time, options_);
    return promql::evaluate(query, time, series_.snapshot(selections), options_);
  }

  Result<promql::Evaluation> over(const promql::Query& query, const Steps& steps) const {
    const promql::RangeTimes times{base::from_millis(steps.start_ms),
                                   base::from_millis(steps.end_ms), base::Duration(steps.step_ms)};
    const auto selections = promql::selections(query, times, options_);
    return promql::evaluate(query, times, series_.snapshot(selections), options_);
  }

  std::string eval(const Eval& eval) const {
    if (!eval.query) {
      return "  does not parse: " + eval.query.error().to_string();
    }
    const std::int64_t time = eval.steps.start_ms;
    const auto outcome = eval.instant ? at(*eval.query, time) : over(*eval.query, eval.steps);
    if (std::string problem = compare(eval, outcome); !problem.empty() || eval.fails) {
      return problem;
    }
    return eval.instant ? again(eval) : std::string();
  }

  // The two checks of the reference that need no further expectations.
  std::string again(const Eval& eval) const {
    const std::int64_t time = eval.steps.start_ms;
    if (const auto anchored = anchor(*eval.query, time)) {
      const std::vector<std::int64_t> times =
          time == 0 ? std::vector<std::int64_t>{-1000, 0, 1000}
                    : std::vector<std::int64_t>{-10 * time, 0, time / 5, time, 10 * time};
      for (const std::int64_t other : times) {
        const std::string problem = compare_again(eval, at(*anchored, other));
        if (!problem.empty()) {
          return "  as " + anchored->text() + " at " + std::to_string(other) + " ms\n" + problem;
        }
      }
    }
    if (!runs_as_range(*eval.query)) {
      return {};
    }
    constexpr std::int64_t kMinute = 60'000;
    const auto range = over(*eval.query, {time - kMinute, time + kMinute, kMinute});
    const std::string problem = compare_step(eval, range, time);
    return problem.empty() ? problem : "  as a range query\n" + problem;
  }

  std::string file_;
  promql::EvalOptions options_;
  testing::MemorySeries series_;
  Summary summary_;
};

}  // namespace

Result<Summary> run_script(const std::string& file, std::string_view text,
                           const std::function<bool(int line)>& wanted) {
  auto commands = parse_script(text);
  if (!commands) {
    return std::move(commands.error()).context(file);
  }
  Runner runner(file);
  for (const Command& command : *commands) {
    runner.run(command, wanted);
  }
  return runner.take();
}

std::function<bool(int line)> evals_of_phase(const std::string& script_path,
                                             std::string_view phase) {
  const std::filesystem::path path(script_path);
  const std::string table = testing::read_file((path.parent_path() / "evals.tsv").string());
  std::set<int> lines;
  for (const std::string_view row : base::split(table, '\n')) {
    const auto cells = base::split(row, '\t');
    if (cells.size() > 3 && cells[0] == path.filename().string() && cells[3] == phase) {
      lines.insert(std::stoi(std::string(cells[1])));
    }
  }
  return [lines = std::move(lines)](int line) { return lines.contains(line); };
}

}  // namespace tocsin::promqltest
