#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exposition/format.h"
#include "exposition/line.h"
#include "exposition/parse.h"
#include "model/sample.h"

namespace tocsin::exposition {

/// The type that a TYPE line states; unknown for words that the format does not know.
model::MetricType stated_type(const CommentLine& comment, Format format);

/// Collects what the comments of a page say of its families, into a list that it borrows.
class FamilyList {
 public:
  explicit FamilyList(std::vector<Family>& families) : families_(families) {}
  /// Comments that describe no family are passed over.
  void add(const CommentLine& comment, Format format);

 private:
  std::vector<Family>& families_;
  std::unordered_map<std::string, std::size_t> places_;
};

/// Whether no byte is above 127, so that the text is valid UTF-8.
bool is_ascii(std::string_view text);

}  // namespace tocsin::exposition
