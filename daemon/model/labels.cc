#include "model/labels.h"

#include <algorithm>
#include <memory>
#include <new>

#include "base/hash.h"
#include "base/text.h"

namespace tocsin::model {
namespace {

bool name_less(const Label& label, std::string_view name) { return label.name.view() < name; }

std::uint64_t hash_of(std::span<const Label> labels) {
  std::uint64_t state = base::kFnvOffset;
  for (const Label& label : labels) {
    state = base::fnv1a(label.name.view(), state);
    state = base::fnv1a("\xff", state);
    state = base::fnv1a(label.value.view(), state);
    state = base::fnv1a("\xff", state);
  }
  return state;
}

// Sorted by name, each name once, no empty value: so are most lists, being parts of label sets.
bool is_normal(std::span<const Label> labels) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].value.empty() || (i > 0 && labels[i - 1].name.view() >= labels[i].name.view())) {
      return false;
    }
  }
  return true;
}

// Sorts by name, keeps the last of equal names, drops empty values.
std::vector<Label> normalised(std::vector<Label> labels) {
  if (is_normal(labels)) {
    return labels;
  }
  std::ranges::stable_sort(labels, {}, [](const Label& label) { return label.name.view(); });
  std::vector<Label> unique;
  unique.reserve(labels.size());
  for (Label& label : labels) {
    if (!unique.empty() && unique.back().name == label.name) {
      unique.back() = std::move(label);
    } else {
      unique.push_back(std::move(label));
    }
  }
  std::erase_if(unique, [](const Label& label) { return label.value.empty(); });
  return unique;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool fits(std::string_view name, bool colons) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!(is_letter(c) || (colons && c == ':') || (i > 0 && c >= '0' && c <= '9'))) {
      return false;
    }
  }
  return !name.empty();
}

}  // namespace

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::vector<Label> list;
  list.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    list.push_back({Symbol(name), Symbol(value)});
  }
  *this = Labels(std::move(list));
}

Labels::Labels(std::vector<Label> labels) {
  auto list = normalised(std::move(labels));
  if (!list.empty()) {
    body_ = make(list, hash_of(list));
  }
}

Labels::Labels(std::vector<Label> normal, std::uint64_t hash) {
  if (!normal.empty()) {
    body_ = make(normal, hash);
  }
}

Labels::Body* Labels::make(std::span<Label> labels, std::uint64_t hash) {
  void* memory = ::operator new(sizeof(Body) + labels.size_bytes());
  auto* body = new (memory)
      Body{.references = 1, .count = static_cast<std::uint32_t>(labels.size()), .hash = hash};
  std::uninitialized_move(labels.begin(), labels.end(), body->labels());
  return body;
}

void Labels::destroy(Body* body) {
  std::destroy_n(body->labels(), body->count);
  body->~Body();
  ::operator delete(body);
}

std::string_view Labels::get(std::string_view name) const {
  const auto labels = all();
  // The metric name stands first and is what most ask for.
  if (!labels.empty() && labels.front().name.view() == name) {
    return labels.front().value.view();
  }
  const auto found = std::lower_bound(labels.begin(), labels.end(), name, name_less);
  return found != labels.end() && found->name.view() == name ? found->value.view()
                                                             : std::string_view();
}

std::uint64_t Labels::hash() const { return body_ != nullptr ? body_->hash : base::kFnvOffset; }

std::string Labels::to_string() const {
  const std::string_view metric = metric_name();
  const bool plain_metric = is_legacy_metric_name(metric);
  std::string text(plain_metric ? metric : std::string_view());
  std::string inner;
  if (!metric.empty() && !plain_metric) {
    inner = base::quote(metric);
  }
  for (const Label& label : all()) {
    if (label.name.view() == kMetricName) {
      continue;
    }
    if (!inner.empty()) {
      inner += ", ";
    }
    inner += is_legacy_label_name(label.name.view()) ? std::string(label.name.view())
                                                     : base::quote(label.name.view());
    inner += '=';
    inner += base::quote(label.value.view());
  }
  if (!inner.empty() || text.empty()) {
    text += '{' + inner + '}';
  }
  return text;
}

bool operator==(const Labels& a, const Labels& b) {
  return a.body_ == b.body_ || (a.hash() == b.hash() && std::ranges::equal(a.all(), b.all()));
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

LabelsBuilder::LabelsBuilder(const Labels& base) : labels_(base.begin(), base.end()) {}

LabelsBuilder& LabelsBuilder::set(std::string_view name, std::string_view value) {
  return set(Label{Symbol(name), Symbol(value)});
}

LabelsBuilder& LabelsBuilder::set(Label label) {
  if (label.value.empty()) {
    return remove(label.name.view());
  }
  const auto place = std::lower_bound(labels_.begin(), labels_.end(), label.name.view(), name_less);
  if (place != labels_.end() && place->name == label.name) {
    place->value = std::move(label.value);
  } else {
    labels_.insert(place, std::move(label));
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::remove(std::string_view name) {
  std::erase_if(labels_, [&](const Label& label) { return label.name.view() == name; });
  return *this;
}

LabelsBuilder& LabelsBuilder::keep(std::span<const std::string> names) {
  std::erase_if(labels_, [&](const Label& label) {
    return std::ranges::find(names, label.name.view()) == names.end();
  });
  return *this;
}

std::string_view LabelsBuilder::get(std::string_view name) const {
  const auto found = std::lower_bound(labels_.begin(), labels_.end(), name, name_less);
  return found != labels_.end() && found->name.view() == name ? found->value.view()
                                                              : std::string_view();
}

Labels LabelsBuilder::build() const { return Labels(labels_); }

bool is_legacy_label_name(std::string_view name) { return fits(name, false); }
bool is_legacy_metric_name(std::string_view name) { return fits(name, true); }

}  // namespace tocsin::model
