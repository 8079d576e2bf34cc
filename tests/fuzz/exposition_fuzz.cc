#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "exposition/check.h"
#include "exposition/parse.h"

/// Any body: parser and checker end without a fault of their own, and what the checker finds
/// valid the parser takes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tocsin::exposition::Format;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const Format format : {Format::kText, Format::kOpenMetrics}) {
    const bool valid = tocsin::exposition::check(body, format).empty();
    const auto page = tocsin::exposition::parse(body, format);
    TOCSIN_CHECK(page || !valid, "a valid page was refused");
    if (page) {
      for (const auto& sample : page->samples()) {
        TOCSIN_CHECK(!page->label_set(sample).empty(), "a series without labels");
      }
    }
  }
  return 0;
}
