#include "sources/system/output.h"

namespace tocsin::sources::system {

namespace {

// A device may be away for a moment; a container's mount is gone for good.
constexpr std::uint64_t kPollsToRemember = 20;

}  // namespace

void Output::begin() {
  ++poll_;
  const std::size_t expected = samples_.capacity();
  samples_.clear();
  samples_.reserve(expected);
}

void Output::add(std::string_view name, std::initializer_list<LabelPair> labels, double value) {
  // 0xff never occurs in UTF-8, so that no two label sets share a key.
  key_.assign(name);
  for (const auto& [label, text] : labels) {
    key_ += '\xff';
    key_ += label;
    key_ += '\xff';
    key_ += text;
  }
  auto found = known_.find(key_);
  if (found == known_.end()) {
    model::LabelsBuilder builder;
    builder.set(model::kMetricName, name);
    for (const auto& [label, text] : labels) {
      builder.set(label, text);
    }
    found = known_.emplace(key_, Known{builder.build(), poll_}).first;
  }
  found->second.used = poll_;
  samples_.push_back(RawSample{found->second.labels, value, std::nullopt});
}

std::vector<RawSample> Output::take() {
  std::erase_if(known_,
                [this](const auto& entry) { return entry.second.used + kPollsToRemember < poll_; });
  std::vector<RawSample> taken = std::move(samples_);
  samples_ = {};
  samples_.reserve(taken.size() + 16);
  return taken;
}

}  // namespace tocsin::sources::system
