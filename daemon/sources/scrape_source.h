#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/worker_pool.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "exposition/page_layout.h"
#include "net/http.h"
#include "sources/scrape_config.h"
#include "sources/source.h"

namespace tocsin::sources {

/// What a job without body_size_limit reads of one answer at most. Prometheus has no limit then;
/// here an endless answer must not take the memory of the daemon.
inline constexpr std::size_t kDefaultBodyBytes = 64U << 20;

/// Reads one target's page over HTTP, in the text format or OpenMetrics, as Prometheus does.
class ScrapeSource final : public Source {
 public:
  struct Dependencies {
    net::HttpClient& http;
    const base::FileSystem& files;
    const base::Clock& clock;
    async::WorkerPool* pool = nullptr;  ///< for large pages; null: everything on the loop
  };
  ScrapeSource(std::shared_ptr<const ScrapeJob> job, ScrapeTarget target,
               Dependencies dependencies);

  async::Task<Batch> poll(PollContext context) override;

 private:
  base::Result<net::HttpRequest> make_request() const;
  async::Task<base::Status> read_page(net::HttpResponse response, Batch* batch);

  std::shared_ptr<const ScrapeJob> job_;
  ScrapeTarget target_;
  Dependencies dependencies_;
  std::shared_ptr<exposition::PageLayout> layout_;  // away while a thread of the pool uses it
};

/// Why an answer's status fails the poll, or an empty text for 200. Pure.
std::string status_error(int status);

/// The polled targets of jobs, sources included.
std::vector<Target> make_scrape_targets(const std::vector<ScrapeJob>& jobs,
                                        const ScrapeSource::Dependencies& dependencies);

}  // namespace tocsin::sources
