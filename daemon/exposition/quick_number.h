#pragma once

#include <cstdint>

namespace tocsin::exposition {

/// Reads a decimal number as most pages write them: digits, perhaps a sign, a point and an
/// exponent. Returns behind it, or null where the text is anything else, or the number cannot be
/// had exactly by one multiplication or division (Clinger, "How to read floating point numbers
/// accurately", 1990: the digits fit 53 bits and the power of ten is at most 22): read_number()
/// decides then. What follows the number is not looked at.
const char* read_quick_number(const char* text, const char* end, double& value);

/// Reads an integer of up to 18 digits, perhaps with a minus; null where there is none.
const char* read_quick_integer(const char* text, const char* end, std::int64_t& value);

}  // namespace tocsin::exposition
