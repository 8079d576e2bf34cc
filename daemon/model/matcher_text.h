#pragma once

#include <string_view>

#include "base/result.h"
#include "model/matcher.h"

namespace tocsin::model {

/// Reads matchers as Alertmanager's configuration and amtool write them: `severity=~"a|b"`, several
/// separated by commas, braces around them optional; a value may stand without quotes when it has
/// no comma, quote, brace or blank. kInvalidInput says what was expected where.
/// https://prometheus.io/docs/alerting/latest/configuration/#matcher
base::Result<Matchers> parse_matchers(std::string_view text);

}  // namespace tocsin::model
