#include "sources/raw_numbers.h"

#include <string>

namespace tocsin::sources {

namespace {

// A series that comes and goes keeps its number for so many batches.
constexpr std::uint64_t kBatchesToRemember = 10;

/// The key of a sample with blank labels differs from that of one without.
model::Labels key_of(const RawSample& sample) {
  if (!sample.blank_labels) {
    return sample.labels;
  }
  model::LabelsBuilder builder(sample.labels);
  for (const std::string& name : *sample.blank_labels) {
    // 0xff is no part of UTF-8, so no label of a target is called so.
    builder.set("\xff" + name, "blank");
  }
  return builder.build();
}

}  // namespace

void RawNumbers::begin(std::vector<std::uint32_t>& fresh) {
  fresh_ = &fresh;
  shown_ = 0;
  ++batch_;
}

std::uint32_t RawNumbers::number_of(const RawSample& sample) {
  const auto [place, added] = known_.try_emplace(key_of(sample));
  Known& known = place->second;
  if (added) {
    if (free_.empty()) {
      known.number = end_++;
    } else {
      known.number = free_.back();
      free_.pop_back();
    }
    fresh_->push_back(known.number);
  }
  shown_ += known.batch == batch_ ? 0 : 1;
  known.batch = batch_;
  return known.number;
}

void RawNumbers::end() {
  fresh_ = nullptr;
  if (known_.size() == shown_) {
    return;
  }
  std::erase_if(known_, [this](const auto& entry) {
    const bool forgotten = entry.second.batch + kBatchesToRemember < batch_;
    if (forgotten) {
      free_.push_back(entry.second.number);
    }
    return forgotten;
  });
}

}  // namespace tocsin::sources
