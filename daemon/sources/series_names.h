#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exposition/parse.h"
#include "sources/source.h"

namespace tocsin::sources {

/// Remembers which labels the series of one target's page have, by the text that names them, so
/// that a page that shows the same series again costs one look-up per line. Used by one thread at
/// a time.
class SeriesNames {
 public:
  /// The samples of a page with their labels.
  std::vector<RawSample> name_samples(const exposition::Page& page);
  std::size_t size() const { return known_.size(); }

 private:
  struct Named {
    model::Labels labels;
    std::shared_ptr<const std::vector<std::string>> blank_labels;
    std::uint64_t seen = 0;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unordered_map<std::string, Named, TextHash, std::equal_to<>> known_;
  std::uint64_t page_ = 0;
};

}  // namespace tocsin::sources
