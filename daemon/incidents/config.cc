#include "incidents/config.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "model/matcher_text.h"
#include "yaml/document.h"
#include "yaml/durations.h"

namespace tocsin::incidents {
namespace {

void add_matchers(const yaml::Node& node, model::Matchers& matchers, yaml::Problems& problems) {
  if (node.kind() != yaml::NodeKind::kScalar) {
    problems.add(node, "expected matchers such as severity=~\"critical|page\"");
    return;
  }
  auto read = model::parse_matchers(node.text());
  if (!read) {
    problems.add(node, read.error().message());
    return;
  }
  std::move(read->begin(), read->end(), std::back_inserter(matchers));
}

// One text or a list of them; all matchers have to hold.
model::Matchers decode_open_on(const yaml::Node& node, yaml::Problems& problems) {
  model::Matchers matchers;
  if (node.kind() != yaml::NodeKind::kSequence) {
    add_matchers(node, matchers, problems);
    return matchers;
  }
  if (node.items().empty()) {
    problems.add(node, "open_on is empty: expected at least one matcher");
  }
  for (const yaml::Node& item : node.items()) {
    add_matchers(item, matchers, problems);
  }
  return matchers;
}

void decode_row(const yaml::Node& name, const yaml::Node& row, GradeMatrix& matrix,
                yaml::Problems& problems) {
  const auto seriousness =
      name.kind() == yaml::NodeKind::kScalar ? seriousness_from(name.text()) : std::nullopt;
  if (!seriousness) {
    problems.add(name, "expected high, medium-high, medium, medium-low or low");
    return;
  }
  std::array<int, 3> grades{};
  bool good = row.kind() == yaml::NodeKind::kSequence && row.items().size() == grades.size();
  for (std::size_t column = 0; good && column < grades.size(); ++column) {
    const yaml::Node& item = row.items()[column];
    good = item.kind() == yaml::NodeKind::kScalar && !item.quoted() && item.text().size() == 1 &&
           item.text()[0] >= '1' && item.text()[0] <= '5';
    if (good) {
      grades[column] = item.text()[0] - '0';
    }
  }
  if (!good) {
    problems.add(row,
                 "expected three grades from 1 (worst) to 5, for wide, middle and narrow reach");
    return;
  }
  matrix.grades[static_cast<std::size_t>(*seriousness)] = grades;
}

}  // namespace

int GradeMatrix::worst(Seriousness seriousness) const {
  return std::ranges::min(grades[static_cast<std::size_t>(seriousness)]);
}

Config::Config() {
  auto matcher = model::Matcher::make(model::MatchKind::kRegex, "severity", "critical|page");
  TOCSIN_CHECK(matcher, "the default matcher must compile");
  open_on.push_back(*std::move(matcher));
}

Config decode_config(const yaml::Node& node, yaml::Problems& problems) {
  Config config;
  yaml::MappingReader reader(node, "incidents", problems);
  if (const yaml::Node* open_on = reader.take("open_on"); open_on != nullptr) {
    auto matchers = decode_open_on(*open_on, problems);
    if (!matchers.empty()) {
      config.open_on = std::move(matchers);
    }
  }
  yaml::read_positive(reader, "resolve_after", config.resolve_after);
  yaml::read_positive(reader, "reopen_window", config.reopen_window);
  yaml::read_positive(reader, "max_window", config.max_window);
  if (const yaml::Node* matrix = reader.take("grade_matrix"); matrix != nullptr) {
    if (matrix->kind() != yaml::NodeKind::kMapping) {
      problems.add(*matrix, "grade_matrix: expected rows such as high: [1, 1, 3]");
    } else {
      for (const auto& [name, row] : matrix->entries()) {
        decode_row(name, row, config.grade_matrix, problems);
      }
    }
  }
  reader.unsupported({"cadence", "deadlines", "roles", "quorum", "umbrella", "review", "drills"});
  reader.finish();
  return config;
}

}  // namespace tocsin::incidents
