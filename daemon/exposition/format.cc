#include "exposition/format.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/text.h"

namespace tocsin::exposition {

Format format_from_content_type(std::string_view content_type) {
  const std::string_view media_type = content_type.substr(0, content_type.find(';'));
  return base::to_lower(base::trim(media_type)) == "application/openmetrics-text"
             ? Format::kOpenMetrics
             : Format::kText;
}

std::string format_canonical(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  // Go's 'g' with the fewest digits: an exponent below 1e-4 and from 1e+06 on. No double is
  // longer than this in either notation within those bounds.
  std::array<char, 64> buffer{};
  const double size = std::abs(value);
  const bool plain = value == 0 || (size >= 1e-4 && size < 1e6);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of("e.") == std::string::npos) {
    text += ".0";
  }
  return text;
}

}  // namespace tocsin::exposition
