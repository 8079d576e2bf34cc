#include "sources/series_names.h"

namespace tocsin::sources {

namespace {

constexpr std::uint64_t kPagesToRemember = 10;

std::shared_ptr<const std::vector<std::string>> blank_labels_of(
    const exposition::Page& page, const exposition::ParsedSample& sample) {
  std::vector<std::string> blank;
  for (const exposition::LabelView& label : page.labels(sample)) {
    if (label.value.empty()) {
      blank.emplace_back(label.name);
    }
  }
  if (blank.empty()) {
    return nullptr;
  }
  return std::make_shared<const std::vector<std::string>>(std::move(blank));
}

}  // namespace

std::vector<RawSample> SeriesNames::name_samples(const exposition::Page& page) {
  ++page_;
  std::vector<RawSample> samples;
  samples.reserve(page.samples().size());
  for (const exposition::ParsedSample& sample : page.samples()) {
    auto found = known_.find(sample.series);
    if (found == known_.end()) {
      Named named{.labels = page.label_set(sample), .blank_labels = blank_labels_of(page, sample)};
      found = known_.emplace(std::string(sample.series), std::move(named)).first;
    }
    Named& named = found->second;
    named.seen = page_;
    samples.push_back(RawSample{named.labels, sample.value, sample.time_ms, named.blank_labels});
  }
  if (known_.size() > samples.size()) {
    std::erase_if(
        known_, [this](const auto& entry) { return entry.second.seen + kPagesToRemember < page_; });
  }
  return samples;
}

}  // namespace tocsin::sources
