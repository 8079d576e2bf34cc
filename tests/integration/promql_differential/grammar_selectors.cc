#include <algorithm>

#include "base/text.h"
#include "integration/promql_differential/grammar.h"

// Selectors, ranges, subqueries, modifiers and literals.

namespace tocsin::differential {
namespace {

// The longest chain of subqueries: each multiplies what an evaluation costs.
constexpr int kMaxSubqueries = 2;

}  // namespace

const Metric& Grammar::metric(bool counters) {
  const std::vector<Metric>& all = catalogue();
  while (true) {
    const Metric& chosen = dice_.one_of(all);
    const bool counter = chosen.kind == Kind::kCounter || chosen.kind == Kind::kFloatCounter ||
                         chosen.kind == Kind::kBucket;
    if (counter == counters || dice_.chance(0.15)) {
      return chosen;
    }
  }
}

std::string Grammar::quoted(const std::string& words) {
  const std::size_t choice = dice_.below(10);
  return choice == 0 ? "'" + words + "'" : choice == 1 ? "`" + words + "`" : base::quote(words);
}

std::vector<Piece> Grammar::matchers(const Metric& of) {
  std::vector<std::string> all;
  for (const LabelChoice& label : of.labels) {
    if (!dice_.chance(0.25)) {
      continue;
    }
    const std::string& value = dice_.one_of(label.values);
    switch (dice_.below(6)) {
      case 0:
      case 1:
        all.push_back(label.name + "=" + quoted(value));
        break;
      case 2:
        all.push_back(label.name + "!=" + quoted(value));
        break;
      case 3:
        all.push_back(
            label.name + "=~" +
            quoted(dice_.one_of({".+", ".*", "a.*|w.b", "(a|b):1", "[a-m]+", "5..|200"})));
        break;
      case 4:
        all.push_back(label.name + "!~" + quoted(dice_.one_of({"a.*", ".*b", "x|y", "4.4"})));
        break;
      default:
        all.push_back(label.name + "=~" + quoted("nothing|" + dice_.one_of(label.values)));
    }
  }
  if (dice_.chance(0.03)) {
    all.push_back(
        dice_.one_of({"nothing=\"\"", "nothing!=\"\"", "nothing=~\".*\"", "job!~\".+\""}));
  }
  if (all.empty()) {
    return {};
  }
  return {option("{" + base::join(all, dice_.one_of({", ", ","})) + "}")};
}

std::string Grammar::at() {
  if (dice_.chance(0.5)) {
    return dice_.one_of({" @ start()", " @ end()"});
  }
  const std::int64_t slots = (frame_.end_ms - frame_.start_ms) / TimeFrame::kGrid;
  const std::int64_t time =
      frame_.start_ms + dice_.between(0, slots) * TimeFrame::kGrid + TimeFrame::kPhase;
  return " @ " + base::format_number(static_cast<double>(time) / 1000);
}

std::vector<Piece> Grammar::modifiers() {
  std::vector<Piece> pieces;
  if (dice_.chance(0.15)) {
    pieces.push_back(option(" offset " + std::string(dice_.chance(0.35) ? "-" : "") + duration()));
  }
  if (dice_.chance(0.1)) {
    const Piece piece = option(at());
    pieces.insert(dice_.chance(0.5) ? pieces.begin() : pieces.end(), piece);
  }
  return pieces;
}

Grammar::Shaped Grammar::selector() {
  const Metric& chosen = metric(dice_.chance(0.4));
  std::vector<Piece> pieces;
  const std::size_t choice = dice_.below(100);
  if (choice < 4) {
    pieces.push_back(text(
        "{__name__=~" +
        quoted(dice_.one_of({"requests_total|errors_total", ".*_info", "l.*", "queue.+"})) + "}"));
  } else if (choice < 6) {
    pieces.push_back(
        text(dice_.one_of({"no_such_metric", "no_such_metric{job=\"api\", x=~\"y\"}"})));
  } else {
    pieces.push_back(text(chosen.name));
    const std::vector<Piece> braces = matchers(chosen);
    pieces.insert(pieces.end(), braces.begin(), braces.end());
  }
  const std::vector<Piece> more = modifiers();
  pieces.insert(pieces.end(), more.begin(), more.end());
  return {make_node(NodeType::kVector, std::move(pieces)), chosen.label_names()};
}

Grammar::Shaped Grammar::range_of(int depth, bool counters) {
  const bool subquery = depth > 0 && subqueries_ < kMaxSubqueries && dice_.chance(0.25);
  std::vector<Piece> pieces;
  std::vector<std::string> labels;
  if (subquery) {
    // Subqueries within one are evaluated at whole multiples of its step, which are whole
    // multiples of theirs as well: the odd quarter of a second keeps their ranges' begin off it.
    const std::string odd = subqueries_ > 0 ? "250ms" : "";
    ++subqueries_;
    const Shaped inner = vector(depth - 1);
    --subqueries_;
    labels = inner.labels;
    const std::string size = dice_.one_of({"1m", "5m", "10m", "90s", "2m30s", "20m"}) + odd;
    const std::string step = dice_.one_of({"", "", "15s", "30s", "1m", "2m", "7500ms", "45s"});
    pieces = {text("("), within(inner.node), text(")[" + size + ":" + step + "]")};
  } else {
    const Metric& chosen = metric(counters);
    labels = chosen.label_names();
    pieces.push_back(text(chosen.name));
    const std::vector<Piece> braces = matchers(chosen);
    pieces.insert(pieces.end(), braces.begin(), braces.end());
    pieces.push_back(text("[" + duration() + "]"));
  }
  const std::vector<Piece> more = modifiers();
  pieces.insert(pieces.end(), more.begin(), more.end());
  return {make_node(NodeType::kMatrix, std::move(pieces)), labels};
}

std::string Grammar::duration() {
  return dice_.one_of({"30s", "1m", "1m", "90s", "1m30s", "2m", "5m", "5m", "5m", "7m30s", "10m",
                       "15m", "20m", "500ms", "12s500ms", "1h"});
}

std::string Grammar::number() {
  if (dice_.chance(0.3)) {
    return base::format_number(static_cast<double>(dice_.between(-40, 400)) / 4);
  }
  return dice_.one_of({"0",    "1",   "2",    "3",   "10",   "0.5",     "1e3",
                       "0x1F", "Inf", "-Inf", "NaN", "1e-9", "3.14159", ".5",
                       "5.",   "017", "018",  "1E2", "+4",   "inf",     "nan"});
}

}  // namespace tocsin::differential
