#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "exposition/check.h"
#include "exposition/page_layout.h"
#include "exposition/parse.h"

/// Any body: parser and checker end without a fault of their own, and what the checker finds
/// valid the parser takes. What remembers layouts judges as the parser does, at first sight and
/// the second.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tocsin::exposition::Format;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const Format format : {Format::kText, Format::kOpenMetrics}) {
    const bool valid = tocsin::exposition::check(body, format).empty();
    const auto page = tocsin::exposition::parse(body, format);
    TOCSIN_CHECK(page || !valid, "a valid page was refused");
    tocsin::exposition::PageLayout layout;
    for (int sight = 0; sight < 2; ++sight) {
      tocsin::exposition::PageSamples samples;
      const auto read = layout.read(body, format, samples);
      TOCSIN_CHECK(read.has_value() == page.has_value(), "two verdicts on one page");
      TOCSIN_CHECK(!page || samples.samples.size() == page->samples().size(), "samples went");
    }
    if (page) {
      for (const auto& sample : page->samples()) {
        TOCSIN_CHECK(!page->label_set(sample).empty(), "a series without labels");
      }
    }
  }
  return 0;
}
