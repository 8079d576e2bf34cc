// CPU per scraped sample: a page is parsed, its series are found, and the batch is stored.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/pages.h"
#include "exposition/page_layout.h"
#include "series/store.h"
#include "sources/ingester.h"

namespace tocsin::sources {
namespace {

void scraped_page(benchmark::State& state) {
  const auto samples = static_cast<int>(state.range(0));
  series::Store store({.retention = std::chrono::minutes(10)});
  Ingester ingester(store);
  auto layout = std::make_shared<exposition::PageLayout>();
  TargetSpec spec;
  spec.pool = "shop";
  spec.id = "shop x";
  spec.labels = {{"job", "shop"}, {"instance", "10.0.0.5:8080"}};
  base::WallTime now = base::from_millis(1'767'225'600'000);
  ingester.add(1, spec, now);
  std::vector<std::string> bodies;
  for (int tick = 0; tick < 16; ++tick) {
    bodies.push_back(bench::request_page(samples, tick));
  }
  std::size_t poll = 0;
  for (auto _ : state) {
    Batch batch;
    batch.page.emplace();
    batch.page->layout = layout;
    batch.page->body = std::move(bodies[poll % bodies.size()]);
    const base::Status read =
        layout->read(batch.page->body, exposition::Format::kText, batch.page->samples);
    benchmark::DoNotOptimize(read);
    batch.up = true;
    batch.started = now;
    batch.scraped = batch.size();
    benchmark::DoNotOptimize(ingester.ingest(1, batch));
    bodies[poll % bodies.size()] = std::move(batch.page->body);
    now += std::chrono::seconds(5);
    if (++poll % 60 == 0) {
      store.expire(now);
    }
  }
  state.SetItemsProcessed(state.iterations() * samples);
}
BENCHMARK(scraped_page)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace tocsin::sources
