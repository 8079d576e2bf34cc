#include "series/index.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace tocsin::series {
namespace {

std::size_t symbol_bytes(std::string_view text) {
  return model::Symbol::heap_bytes(text.size()) + sizeof(model::Symbol);
}

constexpr std::size_t kPostingsBytes = sizeof(model::Symbol) + sizeof(std::vector<Slot>) + 24;

std::vector<Slot> intersect(const std::vector<Slot>& few, const std::vector<Slot>& many) {
  std::vector<Slot> both;
  both.reserve(few.size());
  if (many.size() / 16 < few.size()) {
    std::ranges::set_intersection(few, many, std::back_inserter(both));
    return both;
  }
  // One list is far shorter: look its members up.
  auto from = many.begin();
  for (const Slot slot : few) {
    from = std::lower_bound(from, many.end(), slot);
    if (from == many.end()) {
      break;
    }
    if (*from == slot) {
      both.push_back(slot);
    }
  }
  return both;
}

// The texts lie anywhere in memory: they are fetched while those before them are looked at.
template <class Values, class Add>
void try_all(const Values& values, const model::Matcher& matcher, const Add& add) {
  constexpr std::size_t kAhead = 16;
  std::array<typename Values::const_pointer, kAhead> waiting{};
  std::size_t count = 0;
  const auto look = [&](typename Values::const_pointer entry) {
    if (matcher.matches(entry->first.view())) {
      add(entry->second);
    }
  };
  for (const auto& entry : values) {
    auto& place = waiting[count++ % kAhead];
    if (count > kAhead) {
      look(place);
    }
    __builtin_prefetch(entry.first.address());
    place = &entry;
  }
  for (std::size_t i = 0; i < std::min(count, kAhead); ++i) {
    look(waiting[i]);
  }
}

/// Both ascend. Nothing before the first of `gone` is touched.
void erase_sorted(std::vector<Slot>& slots, const std::vector<Slot>& gone) {
  auto next = gone.begin();
  auto keep = std::ranges::lower_bound(slots, gone.front());
  for (auto at = keep; at != slots.end(); ++at) {
    while (next != gone.end() && *next < *at) {
      ++next;
    }
    if (next == gone.end() || *next != *at) {
      *keep++ = *at;
    }
  }
  slots.erase(keep, slots.end());
  if (slots.capacity() > 2 * slots.size() + 8) {
    slots.shrink_to_fit();
  }
}

}  // namespace

model::Symbol SymbolTable::intern(const model::Symbol& symbol) {
  const auto [place, added] = symbols_.insert(symbol);
  if (added) {
    bytes_ += symbol_bytes(symbol.view());
  }
  return *place;
}

model::Labels SymbolTable::intern(const model::Labels& labels) {
  std::vector<model::Label> own;
  own.reserve(labels.size());
  for (const model::Label& label : labels) {
    own.push_back({intern(label.name), intern(label.value)});
  }
  return model::Labels(std::move(own));
}

void SymbolTable::sweep() {
  boost::unordered::erase_if(symbols_, [this](const model::Symbol& symbol) {
    if (symbol.use_count() > 1) {
      return false;
    }
    bytes_ -= symbol_bytes(symbol.view());
    return true;
  });
}

void Index::add(Slot slot, const model::Labels& labels) {
  for (const model::Label& label : labels) {
    add(label, names_[label.name][label.value], slot);
  }
}

void Index::add(const model::Label& label, std::span<const Slot> slots) {
  Postings& postings = names_[label.name][label.value];
  for (const Slot slot : slots) {
    add(label, postings, slot);
  }
}

void Index::add(const model::Label& label, Postings& postings, Slot slot) {
  if (postings.slots.empty()) {
    bytes_ += kPostingsBytes;
  }
  bytes_ += sizeof(Slot);
  const bool in_order = postings.sorted == postings.slots.size() &&
                        (postings.slots.empty() || postings.slots.back() < slot);
  if (in_order) {
    ++postings.sorted;
  } else if (postings.sorted == postings.slots.size()) {
    unsettled_.push_back(label);
  }
  postings.slots.push_back(slot);
}

void Index::settle() {
  for (const model::Label& label : unsettled_) {
    Postings& postings = names_[label.name][label.value];
    const auto tail = postings.slots.begin() + static_cast<std::ptrdiff_t>(postings.sorted);
    std::sort(tail, postings.slots.end());
    std::inplace_merge(postings.slots.begin(), tail, postings.slots.end());
    postings.sorted = postings.slots.size();
  }
  unsettled_.clear();
}

void Index::remove(std::span<const Removal> removals) {
  boost::unordered_flat_map<
      model::Symbol,
      boost::unordered_flat_map<model::Symbol, std::vector<Slot>, SymbolHash, SymbolEqual>,
      SymbolHash, SymbolEqual>
      gone;
  for (const Removal& removal : removals) {
    for (const model::Label& label : removal.labels) {
      gone[label.name][label.value].push_back(removal.slot);
    }
  }
  for (auto& [name, values] : gone) {
    const auto of_name = names_.find(name);
    for (auto& [value, slots] : values) {
      std::ranges::sort(slots);
      const auto of_value = of_name->second.find(value);
      Postings& postings = of_value->second;
      erase_sorted(postings.slots, slots);
      postings.sorted = postings.slots.size();
      bytes_ -= slots.size() * sizeof(Slot);
      if (postings.slots.empty()) {
        bytes_ -= kPostingsBytes;
        of_name->second.erase(of_value);
      }
    }
    if (of_name->second.empty()) {
      names_.erase(of_name);
    }
  }
}

std::vector<Slot> Index::select(const Values& values, const model::Matcher& matcher) const {
  std::vector<Slot> slots;
  const auto add = [&slots](const Postings& postings) {
    slots.insert(slots.end(), postings.slots.begin(), postings.slots.end());
  };
  if (matcher.kind() == model::MatchKind::kEqual) {
    if (const auto found = values.find(std::string_view(matcher.value())); found != values.end()) {
      add(found->second);
    }
    return slots;
  }
  if (matcher.kind() == model::MatchKind::kRegex && !matcher.literal_alternatives().empty()) {
    for (const std::string& text : matcher.literal_alternatives()) {
      if (const auto found = values.find(std::string_view(text)); found != values.end()) {
        add(found->second);
      }
    }
  } else {
    try_all(values, matcher, add);
  }
  // A series has one value of each name, but a list of alternatives may name a value twice.
  std::ranges::sort(slots);
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

Index::Candidates Index::find(const model::Matchers& matchers) const {
  Candidates result;
  result.all = true;
  // Equality is the cheapest and narrows most; then lists of literals; then what has to be tried.
  std::vector<const model::Matcher*> ordered;
  for (const model::Matcher& matcher : matchers) {
    if (matcher.matches("")) {
      result.unanswered.push_back(&matcher);
    } else {
      ordered.push_back(&matcher);
    }
  }
  const auto cost = [](const model::Matcher* matcher) {
    if (matcher->kind() == model::MatchKind::kEqual) {
      return 0;
    }
    return matcher->literal_alternatives().empty() ? 2 : 1;
  };
  std::ranges::stable_sort(ordered, {}, cost);
  for (const model::Matcher* matcher : ordered) {
    const auto of_name = names_.find(std::string_view(matcher->name()));
    if (of_name == names_.end()) {
      return {};
    }
    // Trying each candidate beats trying each value when there are fewer of them.
    if (!result.all && cost(matcher) == 2 && result.slots.size() < of_name->second.size()) {
      result.unanswered.push_back(matcher);
      continue;
    }
    std::vector<Slot> slots = select(of_name->second, *matcher);
    if (result.all) {
      result.slots = std::move(slots);
    } else if (result.slots.size() <= slots.size()) {
      result.slots = intersect(result.slots, slots);
    } else {
      result.slots = intersect(slots, result.slots);
    }
    result.all = false;
    if (result.slots.empty()) {
      return {};
    }
  }
  return result;
}

}  // namespace tocsin::series
