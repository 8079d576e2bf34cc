#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "incidents/incident.h"
#include "model/matcher.h"

namespace tocsin::yaml {
class Node;
class Problems;
}  // namespace tocsin::yaml

namespace tocsin::incidents {

/// The columns of the grade matrix: the share of daily active users that is affected.
enum class Coverage : std::uint8_t {
  kWide,    ///< 1 % or more
  kMiddle,  ///< 0.3 % to less than 1 %
  kNarrow,  ///< less than 0.3 %
};

/// Grades 1 (worst) to 5 by seriousness (row) and coverage (column). The default is LINE's matrix.
struct GradeMatrix {
  std::array<std::array<int, 3>, 5> grades = {
      {{1, 1, 3}, {2, 3, 4}, {2, 3, 4}, {3, 4, 4}, {4, 4, 5}}};

  int at(Seriousness seriousness, Coverage coverage) const {
    return grades[static_cast<std::size_t>(seriousness)][static_cast<std::size_t>(coverage)];
  }
  /// The worst grade of a row: what counts, provisionally, while the coverage is unknown.
  int worst(Seriousness seriousness) const;
};

/// The section `incidents:`.
struct Config {
  Config();

  /// Firing alerts that match open an incident; key `open_on`, default severity=~"critical|page".
  model::Matchers open_on;
  /// How long all must be calm until a mitigated incident resolves; key `resolve_after`.
  base::Duration resolve_after = std::chrono::minutes(10);
  /// How long the same fingerprint opens the incident again; key `reopen_window`.
  base::Duration reopen_window = std::chrono::minutes(30);
  /// Age from which an incident takes no new alerts; key `max_window`.
  base::Duration max_window = std::chrono::hours(6);
  /// More incidents than this within the window, and later ones go under one umbrella incident.
  std::size_t storm_incidents = 3;
  base::Duration storm_window = std::chrono::seconds(60);
  /// Key `grade_matrix`: rows by name, three grades each; rows left out keep their default.
  GradeMatrix grade_matrix;
};

/// Decodes the section strictly; every fault goes to `problems` and leaves the default. Keys of
/// the process that is not built yet are refused as "not supported yet".
Config decode_config(const yaml::Node& node, yaml::Problems& problems);

}  // namespace tocsin::incidents
