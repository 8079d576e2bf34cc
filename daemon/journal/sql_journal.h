#pragma once

#include <memory>
#include <string>

#include "async/task.h"
#include "base/result.h"
#include "journal/journal.h"

namespace tocsin::journal {

struct OpenOptions {
  /// Runs the SQL on the loop itself instead of on a thread of its own. For simulations.
  bool inline_jobs = false;
};

/// Whether `url` names a kind of database that there is; the errors are those of open().
base::Status check_url(const std::string& url);

/// Opens the journal at `url`: `sqlite:/path/to/file` (relative paths below the working
/// directory). Creates and migrates it as needed. The errors are sentences for an operator:
/// kUnavailable when another process holds the file, kUnsupported when a newer version wrote it or
/// the kind of database is not supported yet, kInvalidInput for other URLs and foreign files.
///
///     auto journal = co_await journal::open("sqlite:/var/lib/tocsin/tocsin.db");
async::Task<base::Result<std::unique_ptr<Journal>>> open(std::string url, OpenOptions options = {});

}  // namespace tocsin::journal
