#include <algorithm>
#include <vector>

#include "base/text.h"
#include "sources/ingester.h"

namespace tocsin::sources {

namespace {

constexpr std::size_t kShownBytes = 50;

bool is_blank(const RawSample& sample, std::string_view name) {
  return sample.blank_labels &&
         std::ranges::find(*sample.blank_labels, name) != sample.blank_labels->end();
}

/// A label of the sample that the target's own label displaces moves to exported_<name>, with as
/// many prefixes as it takes to be free.
void move_aside(const RawSample& sample, const model::Labels& target,
                model::LabelsBuilder& builder) {
  std::vector<model::Label> displaced;
  for (const model::Label& label : target) {
    if (sample.labels.has(label.name.view())) {
      displaced.push_back({label.name, model::Symbol(sample.labels.get(label.name.view()))});
    }
  }
  // Shorter names first, so that job finds its place before exported_job looks for one.
  std::ranges::stable_sort(displaced, [](const model::Label& a, const model::Label& b) {
    return a.name.view().size() < b.name.view().size();
  });
  for (const model::Label& label : displaced) {
    std::string name = "exported_" + std::string(label.name.view());
    while (!builder.get(name).empty() || target.has(name) || sample.labels.has(name)) {
      name.insert(0, "exported_");
    }
    builder.set(name, label.value.view());
  }
}

std::string shown(std::string_view text) {
  return std::string(base::truncate_utf8(text, kShownBytes));
}

std::string exceeded(std::string_view limit_name, const model::Labels& labels,
                     const std::string& what, std::size_t limit) {
  return std::string(limit_name) + " exceeded (metric: " + shown(labels.metric_name()) + ", " +
         what + ", limit: " + std::to_string(limit) + ")";
}

}  // namespace

model::Labels with_target_labels(const RawSample& sample, const model::Labels& target,
                                 bool honor_labels) {
  model::LabelsBuilder builder(sample.labels);
  if (!honor_labels) {
    move_aside(sample, target, builder);
  }
  for (const model::Label& label : target) {
    const std::string_view name = label.name.view();
    if (!honor_labels || (!sample.labels.has(name) && !is_blank(sample, name))) {
      builder.set(label);
    }
  }
  return builder.build();
}

std::string broken_label_limit(const model::Labels& labels, const TargetSpec& spec) {
  if (spec.label_limit > 0 && labels.size() > spec.label_limit) {
    return exceeded("label_limit", labels, "number of labels: " + std::to_string(labels.size()),
                    spec.label_limit);
  }
  if (spec.label_name_length_limit == 0 && spec.label_value_length_limit == 0) {
    return {};
  }
  for (const model::Label& label : labels) {
    const std::string_view name = label.name.view();
    const std::string_view value = label.value.view();
    if (spec.label_name_length_limit > 0 && name.size() > spec.label_name_length_limit) {
      return exceeded("label_name_length_limit", labels,
                      "label name: " + shown(name) + ", length: " + std::to_string(name.size()),
                      spec.label_name_length_limit);
    }
    if (spec.label_value_length_limit > 0 && value.size() > spec.label_value_length_limit) {
      return exceeded("label_value_length_limit", labels,
                      "label name: " + shown(name) + ", value: " + base::quote(shown(value)) +
                          ", length: " + std::to_string(value.size()),
                      spec.label_value_length_limit);
    }
  }
  return {};
}

}  // namespace tocsin::sources
