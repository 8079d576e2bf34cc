#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "exposition/format.h"
#include "model/sample.h"

namespace tocsin::exposition {

/// The type that a TYPE line names; nothing for words that the format does not know.
std::optional<model::MetricType> metric_type(std::string_view word, Format format);

/// What the names of a family's samples may end in, behind the family's name.
std::span<const std::string_view> sample_suffixes(model::MetricType type, Format format);

/// The column, from 1 and in characters, of the byte at `offset` of a line.
int column_of(std::string_view line, std::size_t offset);

/// How many bytes from the front are valid UTF-8.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace tocsin::exposition
