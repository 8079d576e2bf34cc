#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tocsin::testing {

struct ProcessOptions {
  std::vector<std::string> argv;                   ///< the first one is looked up in PATH
  std::map<std::string, std::string> environment;  ///< beside that of the test
};

/// A program beside the test. What it writes to standard output and error is kept together. It is
/// killed, by its process id, when the object goes, whatever happened to the test.
class Process {
 public:
  explicit Process(ProcessOptions options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number);
  bool running();
  /// The exit code, 128 + N after signal N, nothing when it still runs at the end of the time.
  /// After the end output() is complete.
  std::optional<int> wait(std::chrono::milliseconds limit);
  /// kill -9, and waits for the end.
  void kill();
  /// What it has written so far.
  std::string output() const;

 private:
  void collect(int descriptor);
  void reap(int options);

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  mutable std::mutex mutex_;
  std::string output_;
  std::atomic<bool> all_read_ = false;
  std::thread reader_;
};

struct Finished {
  int exit_code = -1;
  std::string output;  ///< standard output and error
};

/// Runs a program to its end; exit code -1 when it takes longer than `limit`.
Finished run_program(ProcessOptions options,
                     std::chrono::milliseconds limit = std::chrono::seconds(20));

}  // namespace tocsin::testing
