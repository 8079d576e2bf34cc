#include "support/rule_unit_test.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "base/file_system.h"
#include "base/text.h"
#include "rules/rule_file.h"
#include "support/conformance.h"
#include "support/rule_harness.h"
#include "support/series_notation.h"
#include "yaml/document.h"

namespace tocsin::testing {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

struct ExpectedAlert {
  model::Labels labels;
  model::Labels annotations;
  friend auto operator<=>(const ExpectedAlert&, const ExpectedAlert&) = default;
};

struct AlertCase {
  base::Duration time{0};
  std::string alert;
  std::vector<ExpectedAlert> expected;
};

struct ExpectedValue {
  double value = 0;
  std::vector<NotedHistogram> histogram;  // one, or none for floats
};

struct ExpressionCase {
  base::Duration time{0};
  std::string expression;
  std::map<model::Labels, ExpectedValue> expected;
};

struct Test {
  std::string name;
  base::Duration interval{0};
  base::WallTime start = base::from_millis(0);
  std::vector<NotedSeries> series;
  std::vector<AlertCase> alerts;
  std::vector<ExpressionCase> expressions;
  model::Labels external_labels;
  std::string external_url;
};

struct File {
  std::vector<std::string> rule_files;
  base::Duration interval = std::chrono::minutes(1);
  bool fuzzy = false;
  std::vector<std::string> group_order;
  std::vector<Test> tests;
};

model::Labels to_labels(const Texts& texts) {
  std::vector<model::Label> labels;
  for (const auto& [name, value] : texts) {
    labels.push_back({model::Symbol(name), model::Symbol(value)});
  }
  return model::Labels(std::move(labels));
}

// "2024-01-01T00:00:00Z" or seconds since the epoch.
std::optional<base::WallTime> parse_start(const std::string& text) {
  if (const auto seconds = base::parse_number(text)) {
    return base::from_millis(static_cast<std::int64_t>(*seconds * 1000));
  }
  std::istringstream stream(text);
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  char mark[6] = {};
  stream >> year >> mark[0] >> month >> mark[1] >> day >> mark[2] >> hour >> mark[3] >> minute >>
      mark[4] >> second >> mark[5];
  if (!stream || std::string_view(mark, 6) != "--T::Z") {
    return std::nullopt;
  }
  const std::chrono::sys_days date =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return date + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

class Decoder {
 public:
  explicit Decoder(yaml::Problems& problems) : problems_(problems) {}

  File file(const yaml::Node& node) {
    yaml::MappingReader reader(node, "test file", problems_);
    File file;
    file.rule_files = reader.texts("rule_files");
    file.interval = reader.duration("evaluation_interval").value_or(file.interval);
    file.fuzzy = reader.boolean("fuzzy_compare").value_or(false);
    file.group_order = reader.texts("group_eval_order");
    for (const yaml::Node* item : reader.mappings("tests")) {
      file.tests.push_back(test(*item, file.interval));
    }
    reader.finish();
    return file;
  }

 private:
  Test test(const yaml::Node& node, base::Duration interval) {
    yaml::MappingReader reader(node, "test", problems_);
    Test test;
    test.name = reader.text("name").value_or("");
    test.interval = reader.duration("interval").value_or(interval);
    if (const auto start = reader.text("start_timestamp")) {
      const auto time = parse_start(*start);
      if (!time) {
        reader.problem("start_timestamp", "expected a time");
      }
      test.start = time.value_or(test.start);
    }
    for (const yaml::Node* item : reader.mappings("input_series")) {
      series(*item, test);
    }
    for (const yaml::Node* item : reader.mappings("alert_rule_test")) {
      test.alerts.push_back(alert_case(*item));
    }
    for (const yaml::Node* item : reader.mappings("promql_expr_test")) {
      test.expressions.push_back(expression_case(*item));
    }
    test.external_labels = to_labels(reader.text_map("external_labels"));
    test.external_url = reader.text("external_url").value_or("");
    reader.finish();
    return test;
  }

  void series(const yaml::Node& node, Test& test) {
    yaml::MappingReader reader(node, "series", problems_);
    const std::string series = reader.text("series").value_or("");
    const std::string values = reader.text("values").value_or("");
    reader.finish();
    std::size_t used = 0;
    auto labels = parse_series_labels(series, &used);
    std::vector<NotedHistogram> histograms;
    auto noted = parse_series_values(values, &histograms);
    if (!labels || !noted) {
      reader.problem("series", (labels ? noted.error() : labels.error()).to_string());
      return;
    }
    // Of equal series the last one counts, as in promtool.
    std::erase_if(test.series, [&](const NotedSeries& other) { return other.labels == *labels; });
    test.series.push_back({std::move(*labels), std::move(*noted), std::move(histograms)});
  }

  AlertCase alert_case(const yaml::Node& node) {
    yaml::MappingReader reader(node, "alert test", problems_);
    AlertCase result;
    result.time = reader.duration("eval_time").value_or(base::Duration(0));
    result.alert = reader.text("alertname").value_or("");
    for (const yaml::Node* item : reader.mappings("exp_alerts")) {
      yaml::MappingReader alert(*item, "expected alert", problems_);
      Texts labels = alert.text_map("exp_labels");
      labels.emplace_back(model::kAlertName, result.alert);
      result.expected.push_back({to_labels(labels), to_labels(alert.text_map("exp_annotations"))});
      alert.finish();
    }
    reader.finish();
    return result;
  }

  ExpressionCase expression_case(const yaml::Node& node) {
    yaml::MappingReader reader(node, "expression test", problems_);
    ExpressionCase result;
    result.time = reader.duration("eval_time").value_or(base::Duration(0));
    result.expression = reader.text("expr").value_or("");
    for (const yaml::Node* item : reader.mappings("exp_samples")) {
      yaml::MappingReader sample(*item, "expected sample", problems_);
      const std::string labels = sample.text("labels").value_or("");
      const double value = sample.number("value").value_or(0);
      const std::string histogram = sample.text("histogram").value_or("");
      sample.finish();
      ExpectedValue expected{value, {}};
      if (!histogram.empty()) {
        if (auto status = parse_histogram_item(histogram, expected.histogram); !status) {
          sample.problem("histogram", status.error().to_string());
        }
      }
      std::size_t used = 0;
      const auto parsed =
          labels.empty() ? base::Result<model::Labels>() : parse_series_labels(labels, &used);
      if (!parsed) {
        sample.problem("labels", parsed.error().to_string());
        continue;
      }
      result.expected[*parsed] = std::move(expected);
    }
    reader.finish();
    return result;
  }

  yaml::Problems& problems_;
};

bool equal(double a, double b, bool fuzzy) {
  return a == b || (std::isnan(a) && std::isnan(b)) || (fuzzy && std::nextafter(a, b) == b);
}

bool equal(const promql::VectorElement& got, const ExpectedValue& expected, bool fuzzy) {
  if (!got.histogram || expected.histogram.empty()) {
    return !got.histogram && expected.histogram.empty() && equal(got.value, expected.value, fuzzy);
  }
  return model::same_distribution(*got.histogram, *expected.histogram.front().histogram);
}

std::string text_of(double value, const model::HistogramPtr& histogram) {
  return histogram ? model::to_string(*histogram) : base::format_number(value);
}

class Run {
 public:
  Run(const File& file, const Test& test, std::vector<rules::Group> groups, base::Duration lookback)
      : file_(file), test_(test), harness_(options(file, test, lookback)) {
    harness_.load(std::move(groups));
    for (const NotedSeries& series : test.series) {
      base::WallTime time = test.start;
      for (std::size_t i = 0; i < series.values.size(); ++i) {
        if (const NotedHistogram* noted = series.histogram(i)) {
          harness_.store_only(1, series.labels, noted->histogram, time);
        } else if (series.values[i]) {
          harness_.store_only(1, {{series.labels, *series.values[i]}}, time);
        }
        time += test.interval;
      }
    }
  }

  std::vector<std::string> run() {
    base::Duration end{0};
    for (const AlertCase& test : test_.alerts) {
      end = std::max(end, test.time);
    }
    for (const ExpressionCase& test : test_.expressions) {
      end = std::max(end, test.time);
    }
    for (base::Duration at{0}; at <= end; at += file_.interval) {
      harness_.evaluate_all(test_.start + at);
      if (!harness_.errors().empty()) {
        faults_.push_back(where(at) + harness_.errors()[0]);
        return faults_;
      }
      for (const AlertCase& test : test_.alerts) {
        if (at <= test.time && test.time < at + file_.interval) {
          check(test);
        }
      }
    }
    for (const ExpressionCase& test : test_.expressions) {
      check(test);
    }
    return faults_;
  }

 private:
  static rules::EngineOptions options(const File& file, const Test& test, base::Duration lookback) {
    rules::EngineOptions options;
    options.evaluation_interval = file.interval;
    options.external_labels = test.external_labels;
    options.external_url = test.external_url;
    options.promql.lookback = lookback;
    return options;
  }

  std::string where(base::Duration time) const {
    return test_.name + " at " + base::format_duration(time) + ": ";
  }

  void check(const AlertCase& test) {
    std::vector<ExpectedAlert> got;
    for (const rules::GroupView& group : harness_.engine().view(test_.start + test.time)) {
      for (const rules::RuleView& rule : group.rules) {
        for (const rules::AlertView& view : rule.alerts) {
          if (rule.name == test.alert && view.alert.state == model::AlertState::kFiring) {
            got.push_back({view.alert.labels, view.alert.annotations});
          }
        }
      }
    }
    std::vector<ExpectedAlert> expected = test.expected;
    std::ranges::sort(expected);
    std::ranges::sort(got);
    if (got == expected) {
      return;
    }
    std::string text = where(test.time) + test.alert;
    for (const auto& [title, list] : {std::pair{"expected", &expected}, std::pair{"got", &got}}) {
      text += std::string("\n  ") + title;
      for (const ExpectedAlert& alert : *list) {
        text += "\n    " + alert.labels.to_string() + " " + alert.annotations.to_string();
      }
    }
    faults_.push_back(std::move(text));
  }

  void check(const ExpressionCase& test) {
    const auto result = harness_.query(test.expression, test_.start + test.time);
    if (!result) {
      faults_.push_back(where(test.time) + test.expression + ": " + result.error().to_string());
      return;
    }
    std::string got;
    bool same = result->size() == test.expected.size();
    for (const promql::VectorElement& element : *result) {
      got +=
          "\n    " + element.labels.to_string() + " " + text_of(element.value, element.histogram);
      const auto expected = test.expected.find(element.labels);
      same =
          same && expected != test.expected.end() && equal(element, expected->second, file_.fuzzy);
    }
    if (same) {
      return;
    }
    std::string text = where(test.time) + test.expression + "\n  expected";
    for (const auto& [labels, value] : test.expected) {
      const auto& histogram = value.histogram;
      text += "\n    " + labels.to_string() + " " +
              text_of(value.value, histogram.empty() ? nullptr : histogram.front().histogram);
    }
    faults_.push_back(text + "\n  got" + got);
  }

  const File& file_;
  const Test& test_;
  RuleHarness harness_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> run_rule_unit_test(const std::string& path, base::Duration lookback) {
  yaml::Problems problems;
  const auto document = yaml::Document::parse(read_file(path), path);
  if (!document) {
    return {document.error().to_string()};
  }
  const File file = Decoder(problems).file(document->root());
  std::vector<rules::Group> groups;
  for (const std::string& name : file.rule_files) {
    const std::string rule_file = base::resolve_path(base::parent_folder(path), name);
    for (rules::Group& group :
         rules::decode(read_file(rule_file), rule_file, {}, problems).groups) {
      groups.push_back(std::move(group));
    }
  }
  if (!problems.ok()) {
    return {problems.errors()[0].to_string()};
  }
  const auto place = [&](const rules::Group& group) {
    const auto found = std::ranges::find(file.group_order, group.name);
    return found - file.group_order.begin();
  };
  std::ranges::stable_sort(groups, {}, place);
  std::vector<std::string> faults;
  for (const Test& test : file.tests) {
    for (std::string& fault : Run(file, test, groups, lookback).run()) {
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

}  // namespace tocsin::testing
