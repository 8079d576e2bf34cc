#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"
#include "series/named.h"

namespace tocsin::series {

/// What was committed since the log was taken last: what a crash must not take along. Times are
/// those kept in the store.
struct LogBatch {
  /// A new series, and the number that samples call it by: the upper half of its ref.
  using Definition = Named;
  struct Entry {
    std::uint32_t id = 0;
    model::Sample sample;
  };
  /// With the hint that its series stores it with.
  struct HistogramEntry {
    std::uint32_t id = 0;
    model::HistogramSample sample;
  };
  std::vector<Definition> definitions;
  std::vector<Entry> samples;   ///< new ones, in the order of their commits
  std::vector<Entry> replaced;  ///< other values of samples that were there, in that order

  std::vector<HistogramEntry> histograms;
  std::vector<HistogramEntry> replaced_histograms;

  /// Puts what was committed later behind.
  void add(LogBatch later);
  /// Leaves the newer half of what is longer than `most` samples. Returns how many went.
  std::size_t shorten(std::size_t most);
  bool empty() const {
    return definitions.empty() && samples.empty() && replaced.empty() && histograms.empty() &&
           replaced_histograms.empty();
  }
};

/// Samples of one poll share their time and come in the order of their numbers: a sample takes
/// three to ten bytes.
std::string encode_log(const LogBatch& batch);

/// kCorrupt when the bytes were not written by encode_log().
base::Result<LogBatch> decode_log(std::string_view bytes);

}  // namespace tocsin::series
