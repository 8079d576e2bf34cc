#include "sources/text_push.h"

#include <span>

#include "base/text.h"
#include "exposition/parse.h"

namespace tocsin::sources {

namespace {

base::Status check(const std::vector<std::pair<std::string, std::string>>& labels) {
  for (const auto& [name, value] : labels) {
    const bool reserved = name.starts_with("__");
    if (!model::is_legacy_label_name(name) || reserved || !base::is_valid_utf8(value)) {
      return base::Error(base::ErrorCode::kInvalidInput,
                         "parameter " + base::quote(name) + ": not a label that can be set");
    }
  }
  return {};
}

}  // namespace

base::Result<Pushed> read_text_push(
    std::string_view body, exposition::Format format,
    const std::vector<std::pair<std::string, std::string>>& labels) {
  if (const base::Status valid = check(labels); !valid) {
    return valid.error();
  }
  const base::Result<exposition::Page> page = exposition::parse(body, format);
  if (!page) {
    return page.error();
  }
  Pushed pushed;
  pushed.series.reserve(page->samples().size());
  for (const exposition::ParsedSample& sample : page->samples()) {
    PushedSeries series;
    if (labels.empty()) {
      series.labels = page->label_set(sample);
    } else {
      model::LabelsBuilder builder(page->label_set(sample));
      for (const auto& [name, value] : labels) {
        builder.set(name, value);
      }
      series.labels = builder.build();
    }
    series.undated = !sample.time_ms;
    series.samples.push_back({sample.time_ms.value_or(0), sample.value});
    pushed.series.push_back(std::move(series));
  }
  pushed.families.assign(page->families().begin(), page->families().end());
  return pushed;
}

}  // namespace tocsin::sources
