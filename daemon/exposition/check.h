#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exposition/format.h"

namespace tocsin::exposition {

/// A place where a page breaks its format. Lines and columns count from 1, columns in characters.
struct Problem {
  int line = 0;
  int column = 0;
  std::string reason;
};

/// Holds a page against the letter of its format: what parse() forgives is a problem here too,
/// such as metadata out of place, families that are scattered over the page, or a histogram whose
/// buckets do not add up. In the order of the lines; stops at kMaxProblems. None means valid.
/// https://prometheus.io/docs/specs/om/open_metrics_spec/
std::vector<Problem> check(std::string_view body, Format format);

inline constexpr std::size_t kMaxProblems = 100;

/// The format of a page that came without a Content-Type. OpenMetrics says so at its end, text
/// after that included; the older format has no mark, and some of its pages end so, too: only there
/// the name of a counter's family has "_total".
Format guess_format(std::string_view body);

}  // namespace tocsin::exposition
