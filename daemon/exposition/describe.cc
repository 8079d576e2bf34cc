#include "exposition/describe.h"

#include <cstdint>
#include <cstring>

#include "base/text.h"
#include "exposition/family.h"
#include "exposition/scalar.h"

namespace tocsin::exposition {

model::MetricType stated_type(const CommentLine& comment, Format format) {
  return metric_type(base::trim(comment.text), format).value_or(model::MetricType::kUnknown);
}

void FamilyList::add(const CommentLine& comment, Format format) {
  if (comment.kind == CommentKind::kOther || comment.kind == CommentKind::kEof) {
    return;
  }
  const auto [place, added] = places_.try_emplace(std::string(comment.name), families_.size());
  if (added) {
    families_.emplace_back().name = place->first;
  }
  Family& family = families_[place->second];
  switch (comment.kind) {
    case CommentKind::kHelp:
      family.help = unescape(comment.text, format == Format::kOpenMetrics);
      break;
    case CommentKind::kType:
      family.type = stated_type(comment, format);
      break;
    default:
      family.unit = std::string(base::trim(comment.text));
  }
}

bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t seen = 0;
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    seen |= word;
  }
  for (; at < text.size(); ++at) {
    seen |= static_cast<unsigned char>(text[at]);
  }
  return (seen & 0x8080808080808080) == 0;
}

}  // namespace tocsin::exposition
