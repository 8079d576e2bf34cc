// What reading a scraped page costs per sample.
#include <benchmark/benchmark.h>

#include "bench/pages.h"
#include "exposition/parse.h"

namespace tocsin::exposition {
namespace {

void parse_page(benchmark::State& state) {
  const auto samples = static_cast<int>(state.range(0));
  const std::string body = bench::request_page(samples, 0);
  Page page;
  for (auto _ : state) {
    if (!parse_into(body, Format::kText, page)) {
      state.SkipWithError("the page does not parse");
      break;
    }
    benchmark::DoNotOptimize(page);
  }
  state.SetItemsProcessed(state.iterations() * samples);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(parse_page)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace tocsin::exposition
