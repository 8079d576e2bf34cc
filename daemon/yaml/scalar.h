#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin::yaml {

/// What the text of a plain scalar stands for, or nothing when it is something else.

/// Booleans of YAML 1.1: true, yes, on, y and their opposites, in small letters, capitals or with
/// a capital in front.
std::optional<bool> parse_boolean(std::string_view text);
/// Whole numbers: decimal, 0x, 0o, 0b, with underscores.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// Numbers of Prometheus and YAML's .inf, .nan.
std::optional<double> parse_float(std::string_view text);
/// Sizes in bytes: 0, 512B, 16KB, 1.5MiB; units are powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace tocsin::yaml
