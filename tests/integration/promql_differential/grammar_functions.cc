#include <algorithm>

#include "base/text.h"
#include "integration/promql_differential/grammar.h"

// Calls of functions.

namespace tocsin::differential {

Grammar::Shaped Grammar::function(int depth) {
  const std::size_t choice = dice_.below(100);
  if (choice < 58) {
    return over_range(depth);
  }
  if (choice < 80) {
    return elementwise(depth);
  }
  return choice < 90 ? labelled(depth) : histogram(depth);
}

Grammar::Shaped Grammar::over_range(int depth) {
  const std::string name = dice_.one_of({"rate",
                                         "rate",
                                         "rate",
                                         "increase",
                                         "increase",
                                         "irate",
                                         "delta",
                                         "idelta",
                                         "deriv",
                                         "changes",
                                         "resets",
                                         "avg_over_time",
                                         "avg_over_time",
                                         "min_over_time",
                                         "max_over_time",
                                         "sum_over_time",
                                         "count_over_time",
                                         "last_over_time",
                                         "present_over_time",
                                         "stddev_over_time",
                                         "stdvar_over_time",
                                         "quantile_over_time",
                                         "predict_linear",
                                         "holt_winters",
                                         "absent_over_time"});
  const bool counters = name == "rate" || name == "increase" || name == "irate" || name == "resets";
  const Shaped range = range_of(depth - 1, counters);
  std::vector<Piece> pieces = {text(name + "(")};
  if (name == "quantile_over_time") {
    pieces.push_back(
        text(dice_.one_of({"0", "0.25", "0.5", "0.99", "1", "-0.1", "1.1", "NaN"}) + ", "));
  }
  pieces.push_back(within(range.node));
  if (name == "predict_linear") {
    pieces.push_back(text(", "));
    pieces.push_back(within(scalar(depth - 2)));
  } else if (name == "holt_winters") {
    pieces.push_back(text(dice_.one_of({", 0.5, 0.5", ", 0.1, 0.9", ", 0.3, 0.01", ", 1, 0.5"})));
  }
  pieces.push_back(text(")"));
  return {make_node(NodeType::kVector, std::move(pieces)), range.labels};
}

Grammar::Shaped Grammar::elementwise(int depth) {
  const Shaped inner = vector(depth - 1);
  const std::string name = dice_.one_of(
      {"abs",         "ceil",        "floor",         "exp",          "sqrt",      "ln",
       "log2",        "log10",       "sgn",           "round",        "round",     "clamp",
       "clamp_min",   "clamp_max",   "acos",          "acosh",        "asin",      "asinh",
       "atan",        "atanh",       "cos",           "cosh",         "sin",       "sinh",
       "tan",         "tanh",        "deg",           "rad",          "timestamp", "timestamp",
       "sort",        "sort_desc",   "hour",          "month",        "year",      "minute",
       "day_of_week", "day_of_year", "days_in_month", "day_of_month", "absent"});
  std::vector<Piece> pieces = {text(name + "("), within(inner.node)};
  if (name == "clamp" || name == "clamp_min" || name == "clamp_max") {
    for (int i = name == "clamp" ? 2 : 1; i > 0; --i) {
      pieces.push_back(text(", "));
      pieces.push_back(within(scalar(depth - 2)));
    }
  } else if (name == "round" && dice_.chance(0.6)) {
    pieces.push_back(option(dice_.one_of({", 0.1", ", 5", ", 1e-3", ", -1", ", 0"})));
  }
  pieces.push_back(text(")"));
  if (name == "hour" && dice_.chance(0.1)) {
    return {make_node(NodeType::kVector, {text(dice_.one_of({"hour()", "year()", "minute()"}))}),
            {}};
  }
  return {make_node(NodeType::kVector, std::move(pieces)), inner.labels};
}

Grammar::Shaped Grammar::labelled(int depth) {
  Shaped inner = vector(depth - 1);
  const std::string source =
      inner.labels.empty() ? "nothing" : inner.labels[dice_.below(inner.labels.size())];
  const std::string target = dice_.chance(0.6) ? "other" : source;
  std::vector<Piece> pieces;
  if (dice_.chance(0.6)) {
    const std::string pattern =
        dice_.one_of({"(.*)", "(.).*", "([a-z]+):?(.*)", "a.*", "", "(?P<first>.)(.*)", "("});
    const std::string value = dice_.one_of({"$1", "x-$1", "${2}-$1", "", "fixed", "$3", "$first"});
    pieces = {text("label_replace("), within(inner.node),
              text(", " + quoted(target) + ", " + quoted(value) + ", " + quoted(source) + ", " +
                   quoted(pattern) + ")")};
  } else {
    const std::string separator = dice_.one_of({"-", "", ",", "/"});
    std::string rest = ", " + quoted(target) + ", " + quoted(separator);
    for (const std::string& label : dice_.some_of(inner.labels, 0.6)) {
      rest += ", " + quoted(label);
    }
    pieces = {text("label_join("), within(inner.node), text(rest + ")")};
  }
  if (target == "other") {
    inner.labels.push_back(target);
  }
  return {make_node(NodeType::kVector, std::move(pieces)), inner.labels};
}

// Quantiles of what looks like buckets, and now and then of what does not.
Grammar::Shaped Grammar::histogram(int depth) {
  const std::string share =
      dice_.one_of({"0.5", "0.9", "0.99", "0", "1", "0.25", "-1", "2", "NaN"});
  if (dice_.chance(0.1)) {
    const Shaped inner = vector(depth - 1);
    const std::string name =
        dice_.one_of({"histogram_count(", "histogram_sum(", "histogram_quantile(0.5, "});
    return {make_node(NodeType::kVector, {text(name), within(inner.node), text(")")}), {}};
  }
  const std::string name =
      dice_.one_of({"latency_seconds_bucket", "latency_seconds_bucket", "broken_bucket",
                    "no_number_buckets", "open_bucket", "{__name__=~\".*_bucket\"}"});
  NodePtr buckets = make_node(NodeType::kVector, {text(name)});
  std::vector<std::string> labels = {"job"};
  if (dice_.chance(0.7)) {
    const NodePtr range = make_node(NodeType::kMatrix, {text(name + "[" + duration() + "]")});
    buckets = make_node(NodeType::kVector, {text(dice_.one_of({"rate(", "increase(", "delta("})),
                                            within(range), text(")")});
  }
  if (dice_.chance(0.5)) {
    const std::string clause = dice_.one_of({"sum by (le) (", "sum by (le, job) (", "avg by (le) (",
                                             "sum without (instance) (", "max by (le, job) ("});
    buckets = make_node(NodeType::kVector, {text(clause), within(buckets), text(")")});
  }
  return {make_node(NodeType::kVector,
                    {text("histogram_quantile(" + share + ", "), within(buckets), text(")")}),
          labels};
}

}  // namespace tocsin::differential
