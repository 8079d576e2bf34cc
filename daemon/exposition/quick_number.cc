#include "exposition/quick_number.h"

#include <cstddef>

namespace tocsin::exposition {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kMaxPower = 22;
constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
/// More digits may not fit 64 bits.
constexpr std::ptrdiff_t kMaxDigits = 19;

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

const char* read_digits(const char* text, const char* end, std::uint64_t& digits) {
  while (text != end && is_digit(*text)) {
    digits = digits * 10 + static_cast<std::uint64_t>(*text - '0');
    ++text;
  }
  return text;
}

/// What stands behind the e.
const char* read_exponent(const char* text, const char* end, int& exponent) {
  const bool negative = text != end && *text == '-';
  if (text != end && (*text == '-' || *text == '+')) {
    ++text;
  }
  std::uint64_t digits = 0;
  const char* after = read_digits(text, end, digits);
  if (after == text || after - text > 3) {
    return nullptr;
  }
  exponent += negative ? -static_cast<int>(digits) : static_cast<int>(digits);
  return after;
}

}  // namespace

const char* read_quick_number(const char* text, const char* end, double& value) {
  const bool negative = text != end && *text == '-';
  text += negative ? 1 : 0;
  std::uint64_t digits = 0;
  const char* after = read_digits(text, end, digits);
  std::ptrdiff_t count = after - text;
  int exponent = 0;
  if (after != end && *after == '.') {
    const char* fraction = after + 1;
    after = read_digits(fraction, end, digits);
    exponent = -static_cast<int>(after - fraction);
    count += after - fraction;
  }
  if (count == 0 || count > kMaxDigits) {
    return nullptr;
  }
  if (after != end && (*after == 'e' || *after == 'E')) {
    after = read_exponent(after + 1, end, exponent);
    if (after == nullptr) {
      return nullptr;
    }
  }
  if (digits > kExact || exponent < -kMaxPower || exponent > kMaxPower) {
    return nullptr;
  }
  double number = static_cast<double>(digits);
  if (exponent < 0) {
    number /= kPowersOfTen[-exponent];
  } else if (exponent > 0) {
    number *= kPowersOfTen[exponent];
  }
  value = negative ? -number : number;
  return after;
}

const char* read_quick_integer(const char* text, const char* end, std::int64_t& value) {
  const bool negative = text != end && *text == '-';
  text += negative ? 1 : 0;
  std::uint64_t digits = 0;
  const char* after = read_digits(text, end, digits);
  if (after == text || after - text > 18) {
    return nullptr;
  }
  value = negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
  return after;
}

}  // namespace tocsin::exposition
