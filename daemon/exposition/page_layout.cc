#include "exposition/page_layout.h"

#include <algorithm>
#include <utility>

#include "exposition/bounds.h"

namespace tocsin::exposition {
namespace {

/// A series that comes and goes keeps its number for so many pages without it …
constexpr std::uint8_t kMissesToForget = 10;
/// … unless there are more such series than the page shows, and this many besides.
constexpr std::size_t kMissingAtLeast = 1000;

}  // namespace

void PageSamples::clear() {
  samples.clear();
  times.clear();
  fresh.clear();
  laid = Laid::kNew;
  before_fault = 0;
  parsed = 0;
}

void PageLayout::forget() {
  lines_.clear();
  comments_.clear();
  known_.clear();
  free_.clear();
  places_.clear();
  families_.reset();
}

void PageLayout::free_series(std::uint32_t series) {
  places_.erase(known_[series].hash);
  known_[series] = {};
  free_.push_back(series);
}

void PageLayout::settle(std::vector<Line> lines, std::vector<Comment> comments) {
  std::vector<bool> shown(known_.size());
  std::size_t showing = 0;
  for (const Line line : lines) {
    if ((line & kComment) == 0) {
      shown[line] = true;
      ++showing;
    }
  }
  const std::size_t missing = known_.size() - free_.size() - std::min(showing, known_.size());
  const bool too_many = missing > showing + kMissingAtLeast;
  for (std::uint32_t i = 0; i < known_.size(); ++i) {
    if (shown[i]) {
      known_[i].missed = 0;
    } else if (known_[i].length > 0 && (too_many || ++known_[i].missed > kMissesToForget)) {
      free_series(i);
    }
  }
  lines_ = std::move(lines);
  comments_ = std::move(comments);
}

StatedLabels PageLayout::labels(std::string_view body, const PageSample& sample) const {
  std::string_view line = body.substr(sample.offset);
  line = line.substr(0, line.find('\n'));
  Texts texts;
  std::vector<LabelView> views;
  SampleLine read;
  LineReader(format_, false, texts).read_sample(line, views, read);
  views.resize(read.first_label + read.label_count);  // an exemplar's go
  const Bound bound = known_[sample.series].bound;
  if (bound != Bound::kNone) {
    canonicalise(bound == Bound::kLe ? "le" : "quantile", views, texts);
  }
  StatedLabels stated;
  std::vector<model::Label> all;
  all.reserve(views.size() + 1);
  static const model::Symbol kName{model::kMetricName};
  all.push_back({kName, model::Symbol(read.name)});
  for (const LabelView& label : views) {
    if (label.value.empty()) {
      stated.blank.emplace_back(label.name);
    } else {
      all.push_back({model::Symbol(label.name), model::Symbol(label.value)});
    }
  }
  stated.labels = model::Labels(std::move(all));
  return stated;
}

}  // namespace tocsin::exposition
