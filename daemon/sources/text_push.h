#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "exposition/format.h"
#include "sources/pushed.h"

namespace tocsin::sources {

/// Reads a pushed page of text. `labels` are added to every series and win over its own, as the
/// grouping key does at Prometheus' Pushgateway. A page that is malformed anywhere gives nothing:
/// kInvalidInput with line and column.
base::Result<Pushed> read_text_push(std::string_view body, exposition::Format format,
                                    const std::vector<std::pair<std::string, std::string>>& labels);

}  // namespace tocsin::sources
