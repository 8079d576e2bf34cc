#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "promql/describe.h"
#include "promql/query.h"

/// Any text: the parser ends without a fault of its own, errors have their place, and what it takes
/// can be printed, on one line or several, and parsed to the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tocsin::promql::parse;
  const auto options = tocsin::promql::ParseOptions::all();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse(text));  // as Prometheus allows by default
  const auto query = parse(text, options);
  if (!query) {
    TOCSIN_CHECK(!query.error().message().empty(), "an error without a text");
    return 0;
  }
  const std::string flat = tocsin::promql::format(query->root());
  tocsin::promql::describe_ast(query->root());
  for (const std::string& printed : {flat, tocsin::promql::pretty(query->root())}) {
    const auto again = parse(printed, options);
    TOCSIN_CHECK(again, "what was printed does not parse");
    TOCSIN_CHECK(tocsin::promql::format(again->root()) == flat, "printing is no identity");
  }
  return 0;
}
