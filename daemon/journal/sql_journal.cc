#include "journal/sql_journal.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "async/blocking_thread.h"
#include "journal/sql_store.h"

namespace tocsin::journal {
namespace {

/// Expiry erases this many records per transaction, so that appends get in between.
constexpr std::uint64_t kExpireChunk = 2000;
/// close() waits for the disk as long as its caller does; after that nobody does.
constexpr base::Duration kJoinLimit = std::chrono::milliseconds(100);

/// One append() that waits for its turn, and then for its caller to look.
struct Pending {
  std::vector<model::Record> records;
  std::optional<base::Result<std::uint64_t>> outcome;
};

/// What the loop and the database's thread share. The store belongs to the thread.
struct Shared {
  std::unique_ptr<SqlStore> store;
  std::mutex mutex;
  std::deque<std::shared_ptr<Pending>> waiting;  // guarded by mutex

  std::vector<std::shared_ptr<Pending>> take_waiting() {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Pending>> taken(waiting.begin(), waiting.end());
    waiting.clear();
    return taken;
  }

  void forget(const std::shared_ptr<Pending>& pending) {
    const std::lock_guard lock(mutex);
    std::erase(waiting, pending);
  }
};

/// Writes everything that waits in one transaction: while one commit is on its way to the disk,
/// the next appends gather. All of them fail together, so that none overtakes another.
void write_waiting(Shared& shared) {
  const auto group = shared.take_waiting();
  std::vector<model::Record> records;
  for (const auto& pending : group) {
    std::move(pending->records.begin(), pending->records.end(), std::back_inserter(records));
  }
  const base::Result<std::uint64_t> last = shared.store->append(records);
  for (const auto& pending : group) {
    pending->outcome = last;
  }
}

class SqlJournal final : public Journal {
 public:
  SqlJournal(std::shared_ptr<Shared> shared, std::unique_ptr<async::BlockingThread> thread)
      : shared_(std::move(shared)), thread_(std::move(thread)) {}

  async::Task<base::Result<std::uint64_t>> append(std::vector<model::Record> records) override {
    auto pending = std::make_shared<Pending>();
    pending->records = std::move(records);
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->waiting.push_back(pending);
    }
    auto job = [shared = shared_, pending]() -> base::Result<std::uint64_t> {
      if (!pending->outcome) {
        write_waiting(*shared);
      }
      return *pending->outcome;
    };
    base::Result<std::uint64_t> outcome = co_await thread_->run(std::move(job));
    if (!outcome) {
      shared_->forget(pending);
    }
    co_return outcome;
  }

  async::Task<base::Result<Replay>> replay() override {
    auto job = [shared = shared_] { return shared->store->replay(); };
    co_return co_await thread_->run(std::move(job));
  }

  async::Task<base::Status> save_snapshot(StoredSnapshot snapshot) override {
    auto job = [shared = shared_, snapshot = std::move(snapshot)] {
      return shared->store->save_snapshot(snapshot);
    };
    co_return co_await thread_->run(std::move(job));
  }

  async::Task<base::Result<std::vector<model::Record>>> query(RecordQuery query) override {
    auto job = [shared = shared_, query = std::move(query)] { return shared->store->query(query); };
    co_return co_await thread_->run(std::move(job));
  }

  async::Task<base::Result<std::uint64_t>> expire(base::WallTime before) override {
    std::uint64_t total = 0;
    while (true) {
      auto job = [shared = shared_, before] { return shared->store->expire(before, kExpireChunk); };
      const base::Result<std::uint64_t> erased = co_await thread_->run(std::move(job));
      if (!erased) {
        co_return erased.error();
      }
      total += *erased;
      if (*erased < kExpireChunk) {
        co_return total;
      }
    }
  }

  async::Task<base::Status> redact(std::uint64_t sequence, model::Record note) override {
    auto job = [shared = shared_, sequence, note = std::move(note)] {
      return shared->store->redact(sequence, note);
    };
    co_return co_await thread_->run(std::move(job));
  }

  async::Task<base::Status> close() override {
    auto job = [shared = shared_] { return shared->store->close(); };
    base::Status closed = co_await thread_->run(std::move(job));
    co_await thread_->shutdown();
    co_return closed;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<async::BlockingThread> thread_;
};

base::Result<std::string> sqlite_path(const std::string& url) {
  constexpr std::string_view kScheme = "sqlite:";
  if (url.starts_with(kScheme)) {
    std::string path = url.substr(kScheme.size());
    if (path.empty()) {
      return base::Error(base::ErrorCode::kInvalidInput,
                         "storage URL: expected a path after sqlite:");
    }
    return path;
  }
  if (url.starts_with("postgresql:") || url.starts_with("postgres:")) {
    return base::Error(base::ErrorCode::kUnsupported,
                       "storage URL: postgresql is not supported yet, use sqlite:PATH");
  }
  return base::Error(base::ErrorCode::kInvalidInput,
                     "storage URL: this kind of database is not known, expected sqlite:PATH");
}

}  // namespace

base::Status check_url(const std::string& url) {
  const base::Result<std::string> path = sqlite_path(url);
  return path ? base::Status{} : path.error();
}

async::Task<base::Result<std::unique_ptr<Journal>>> open(std::string url, OpenOptions options) {
  base::Result<std::string> path = sqlite_path(url);
  if (!path) {
    co_return path.error();
  }
  auto executor = co_await boost::asio::this_coro::executor;
  async::ThreadOptions thread_options;
  thread_options.name = "journal";
  thread_options.join_limit = kJoinLimit;
  thread_options.inline_jobs = options.inline_jobs;
  auto thread = std::make_unique<async::BlockingThread>(executor, std::move(thread_options));
  auto shared = std::make_shared<Shared>();
  auto job = [shared, path = *path]() -> base::Status {
    auto store = SqlStore::open(path);
    if (!store) {
      return base::Error(store.error()).context("journal");
    }
    shared->store = std::move(*store);
    return {};
  };
  const base::Status opened = co_await thread->run(std::move(job));
  if (!opened) {
    co_return opened.error();
  }
  std::unique_ptr<Journal> journal =
      std::make_unique<SqlJournal>(std::move(shared), std::move(thread));
  co_return base::Result<std::unique_ptr<Journal>>(std::move(journal));
}

}  // namespace tocsin::journal
