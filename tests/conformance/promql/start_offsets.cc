#include "conformance/promql/start_offsets.h"

#include <charconv>
#include <string>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin::promqltest {
namespace {

base::Error malformed(std::string_view item) {
  return {base::ErrorCode::kInvalidInput, "not a start offset: " + std::string(item)};
}

std::optional<std::int64_t> signed_duration(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const auto duration = base::parse_duration(text);
  if (!duration) {
    return std::nullopt;
  }
  return minus ? -duration->count() : duration->count();
}

base::Status add_item(std::string_view item, StartOffsets& out) {
  const std::string_view whole = item;
  std::optional<std::size_t> repeat;
  if (const auto mark = item.rfind('x'); mark != std::string_view::npos) {
    std::size_t count = 0;
    const std::string_view digits = item.substr(mark + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || end != digits.data() + digits.size() || count > 100'000) {
      return malformed(whole);
    }
    repeat = count;
    item = item.substr(0, mark);
  }
  if (item == "_") {
    out.insert(out.end(), repeat.value_or(1), std::nullopt);
    return {};
  }
  const auto sign = item.find_first_of("+-", 1);
  const auto first = signed_duration(item.substr(0, sign));
  const auto step = sign == std::string_view::npos ? std::optional<std::int64_t>(0)
                                                   : signed_duration(item.substr(sign));
  if (!first || !step) {
    return malformed(whole);
  }
  for (std::size_t i = 0; i <= repeat.value_or(0); ++i) {
    out.emplace_back(*first + static_cast<std::int64_t>(i) * *step);
  }
  return {};
}

}  // namespace

base::Result<StartOffsets> parse_start_offsets(std::string_view text) {
  StartOffsets offsets;
  for (std::string_view rest = base::trim(text); !rest.empty(); rest = base::trim(rest)) {
    const auto end = std::min(rest.find_first_of(" \t"), rest.size());
    if (auto status = add_item(rest.substr(0, end), offsets); !status) {
      return status.error();
    }
    rest.remove_prefix(end);
  }
  return offsets;
}

}  // namespace tocsin::promqltest
