#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/timers.h"
#include "base/clock.h"
#include "base/result.h"

namespace tocsin::net {

/// A program to run. Nothing passes through a shell.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is a path, or a name that PATH of this process finds
  std::vector<std::string> environment;      ///< "NAME=value"; nothing else is inherited
  std::string input;                         ///< what the program reads from standard input
  std::string folder;                        ///< working directory; empty: that of this process
  std::size_t max_output_bytes = 64 * 1024;  ///< of each stream; the rest is read and dropped
};

struct CommandResult {
  int exit_code = -1;  ///< when it exited by itself
  int signal = 0;      ///< when a signal ended it
  std::string output;
  std::string errors;  ///< standard error
  bool output_cut = false;
  bool errors_cut = false;
};

/// Runs a program in a process group of its own until it has exited and closed its output. At the
/// deadline (kTimeout) or on cancellation (kCancelled) the whole group is killed. kNotFound and
/// kDenied when it cannot be started. The parent must not ignore SIGCHLD.
async::Task<base::Result<CommandResult>> run_command(async::Timers& timers,
                                                     const base::Clock& clock, Command command,
                                                     base::MonotonicTime deadline);

}  // namespace tocsin::net
