#include "exposition/check.h"

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "exposition/check_rules.h"
#include "exposition/family.h"
#include "exposition/line.h"

namespace tocsin::exposition {
namespace {

using model::MetricType;

/// The family whose lines are being read.
struct OpenFamily {
  std::string name;
  int first_line = 0;
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  bool has_help = false;
  std::optional<std::string> unit;
  bool has_samples = false;
  int last_line = 0;  // with a sample

  // OpenMetrics: the lines of one metric (one label set, but for le and the like) stand together.
  std::unordered_set<std::string> metrics;
  std::string metric;
  std::optional<double> time;
  std::unordered_set<std::string> series;
  HistogramCheck histogram;
};

/// Names and values in order of the names, so that equal label sets give equal texts.
std::string key_of(std::span<const LabelView> labels, std::string_view without) {
  std::vector<LabelView> sorted;
  for (const LabelView& label : labels) {
    if (label.name != without && !label.value.empty()) {
      sorted.push_back(label);
    }
  }
  std::ranges::sort(sorted, {}, &LabelView::name);
  std::string key;
  for (const LabelView& label : sorted) {
    key += base::quote(label.name);
    key += base::quote(label.value);
  }
  return key;
}

class Checker {
 public:
  Checker(std::string_view body, Format format)
      : body_(body),
        format_(format),
        open_metrics_(format == Format::kOpenMetrics),
        reader_(format, format == Format::kOpenMetrics, texts_) {}

  std::vector<Problem> run() {
    bool ended = false;
    while (!body_.empty() && problems_.size() < kMaxProblems) {
      ++line_number_;
      const std::size_t end = body_.find('\n');
      line_ = body_.substr(0, end);
      body_.remove_prefix(end == std::string_view::npos ? body_.size() : end + 1);
      if (ended) {
        problem(0, "unexpected text behind # EOF");
        break;
      }
      texts_.clear();
      labels_.clear();
      ended = one_line();
    }
    close();
    if (open_metrics_ && !ended) {
      problems_.push_back({line_number_ + 1, 1, "the page does not end with # EOF"});
    }
    std::ranges::stable_sort(problems_, {}, &Problem::line);
    problems_.resize(std::min(problems_.size(), kMaxProblems));
    return std::move(problems_);
  }

 private:
  void problem(std::size_t offset, std::string reason) {
    problems_.push_back({line_number_, column_of(line_, offset), std::move(reason)});
  }
  void problem_on(int line, std::string reason) {
    problems_.push_back({line, 1, std::move(reason)});
  }

  /// Whether this was # EOF.
  bool one_line() {
    const std::size_t start = line_.find_first_not_of(" \t");
    if (start == std::string_view::npos) {
      if (open_metrics_) {
        problem(0, "an empty line");
      }
      return false;
    }
    if (!base::is_valid_utf8(line_)) {
      problem(valid_utf8_prefix(line_), "invalid UTF-8");
      return false;
    }
    if (line_[start] != '#' || (open_metrics_ && start > 0)) {
      sample();
      return false;
    }
    CommentLine comment;
    if (const std::optional<Fault> fault = reader_.read_comment(line_, comment)) {
      problem(fault->offset, fault->reason);
      return false;
    }
    if (comment.kind != CommentKind::kOther && comment.kind != CommentKind::kEof) {
      metadata(comment);
    }
    return comment.kind == CommentKind::kEof;
  }

  void open(std::string_view name) {
    close();
    family_.emplace();
    family_->name = std::string(name);
    family_->first_line = line_number_;
  }

  void close() {
    if (!family_) {
      return;
    }
    end_metric();
    if (!family_->has_samples) {
      claim_names();
    }
    family_.reset();
  }

  /// Reserves the names that the family's samples may have; they must be nobody else's.
  void claim_names() {
    std::vector<std::string> names = {family_->name};
    for (const std::string_view suffix : sample_suffixes(family_->type, format_)) {
      if (!suffix.empty()) {
        names.push_back(family_->name + std::string(suffix));
      }
    }
    for (std::string& name : names) {
      if (claimed_.contains(name)) {
        problem_on(family_->first_line,
                   "the name " + name + " belongs to another family, or to one whose lines are " +
                       "not all in one place");
        return;
      }
    }
    claimed_.insert(names.begin(), names.end());
  }

  void metadata(const CommentLine& comment) {
    if (!family_ || family_->name != comment.name) {
      open(comment.name);
    }
    if (family_->has_samples && (open_metrics_ || comment.kind == CommentKind::kType)) {
      problem(0, "metadata behind the samples of the family");
      return;
    }
    switch (comment.kind) {
      case CommentKind::kHelp:
        repeated(std::exchange(family_->has_help, true), "HELP");
        break;
      case CommentKind::kType:
        repeated(std::exchange(family_->has_type, true), "TYPE");
        type(comment);
        break;
      default:
        repeated(family_->unit.has_value(), "UNIT");
        family_->unit = std::string(comment.text);
        unit(comment.text_offset);
    }
  }

  void repeated(bool before, const char* what) {
    if (before) {
      problem(0, std::string("a second ") + what + " for " + family_->name);
    }
  }

  void type(const CommentLine& comment) {
    const std::string_view word = open_metrics_ ? comment.text : base::trim(comment.text);
    const std::optional<MetricType> known = metric_type(word, format_);
    if (!known) {
      problem(comment.text_offset, word.empty() ? std::string("expected the type")
                                                : "unknown type " + base::quote(word));
      return;
    }
    family_->type = *known;
    unit(comment.text_offset);
  }

  void unit(std::size_t offset) {
    if (!family_->unit || family_->unit->empty()) {
      return;
    }
    if (!family_->name.ends_with("_" + *family_->unit)) {
      problem(offset, "the name does not end in the unit " + base::quote(*family_->unit));
    }
    if (family_->type == MetricType::kInfo || family_->type == MetricType::kStateSet) {
      problem(offset, "infos and state sets have no unit");
    }
  }

  std::optional<std::string_view> suffix_of(std::string_view name) const {
    if (!family_ || !name.starts_with(family_->name)) {
      return std::nullopt;
    }
    const std::string_view rest = name.substr(family_->name.size());
    for (const std::string_view suffix : sample_suffixes(family_->type, format_)) {
      if (rest == suffix) {
        return suffix;
      }
    }
    return std::nullopt;
  }

  void sample() {
    SampleLine parts;
    if (const std::optional<Fault> fault = reader_.read_sample(line_, labels_, parts)) {
      problem(fault->offset, fault->reason);
      return;
    }
    std::optional<std::string_view> suffix = suffix_of(parts.name);
    if (!suffix) {
      open(parts.name);
      suffix = "";
    }
    if (!std::exchange(family_->has_samples, true)) {
      claim_names();
    }
    const std::span<const LabelView> all(labels_);
    const SampleInFamily in_family{
        .type = family_->type,
        .family = family_->name,
        .suffix = *suffix,
        .value = parts.value,
        .labels = all.subspan(parts.first_label, parts.label_count),
    };
    if (Breach breach = check_labels(in_family)) {
      problem(parts.name.size(), *std::move(breach));
    }
    if (open_metrics_) {
      open_metrics_rules(parts, in_family);
    }
    std::string series = std::string(parts.name) + key_of(in_family.labels, "");
    if (parts.time_ms && open_metrics_) {
      series += '@' + base::format_number(parts.time_seconds);
    }
    if (!family_->series.insert(std::move(series)).second) {
      problem(0, "the same series a second time");
    }
    family_->last_line = line_number_;
  }

  void open_metrics_rules(const SampleLine& parts, const SampleInFamily& sample) {
    if (Breach breach = check_value(sample)) {
      problem(parts.value_offset, *std::move(breach));
    }
    if (parts.has_exemplar) {
      const std::span<const LabelView> all(labels_);
      if (Breach breach = check_exemplar(
              sample, all.subspan(parts.first_exemplar_label, parts.exemplar_label_count))) {
        problem(parts.exemplar_offset, *std::move(breach));
      }
    }
    follow_metric(parts, sample);
    if (family_->type == MetricType::kHistogram || family_->type == MetricType::kGaugeHistogram) {
      if (Breach breach = family_->histogram.add(sample)) {
        problem(0, *std::move(breach));
      }
    }
  }

  void follow_metric(const SampleLine& parts, const SampleInFamily& sample) {
    const std::optional<double> time =
        parts.time_ms ? std::optional(parts.time_seconds) : std::nullopt;
    std::string metric = key_of(sample.labels, distinguishing_label(sample));
    const bool first = !family_->metrics.contains(metric);
    if (first || metric != family_->metric) {
      end_metric();
      if (!first) {
        problem(0, "the samples of this metric are not all in one place");
      }
      family_->metrics.insert(metric);
      family_->metric = std::move(metric);
    } else if (family_->time.has_value() != time.has_value()) {
      problem(0, "some samples of this metric have a timestamp and some have none");
    } else if (time && *time < *family_->time) {
      problem(0, "the timestamps of this metric go back");
    } else if (time != family_->time) {
      end_metric();
    }
    family_->time = time;
  }

  void end_metric() {
    if (Breach breach = family_->histogram.finish()) {
      problem_on(family_->last_line, *std::move(breach));
    }
  }

  std::string_view body_;
  Format format_;
  bool open_metrics_;
  Texts texts_;
  LineReader reader_;
  std::vector<LabelView> labels_;
  std::string_view line_;
  int line_number_ = 0;
  std::optional<OpenFamily> family_;
  std::unordered_set<std::string> claimed_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(std::string_view body, Format format) {
  return Checker(body, format).run();
}

Format guess_format(std::string_view body) {
  constexpr std::string_view kType = "# TYPE ";
  bool marked = false;
  for (const std::string_view line : base::split(body, '\n')) {
    if (line.starts_with(kType) && base::trim(line).ends_with("_total counter")) {
      return Format::kText;
    }
    marked = marked || line.starts_with("# EOF");
  }
  return marked ? Format::kOpenMetrics : Format::kText;
}

}  // namespace tocsin::exposition
