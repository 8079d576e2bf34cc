#include "net/subprocess.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>
#include <utility>

#include "async/deadline.h"
#include "async/event.h"

namespace tocsin::net {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using base::Error;
using base::ErrorCode;

constexpr auto kOutcome = asio::as_tuple(asio::use_awaitable);
/// How long a killed process may take to disappear; only one in an endless system call takes
/// longer, and is left to init.
constexpr auto kReapLimit = std::chrono::seconds(2);
/// How long output may stay open after the program itself has exited.
constexpr auto kLingerLimit = std::chrono::seconds(1);

Error system_error(const std::string& what, int code) {
  ErrorCode kind = ErrorCode::kUnavailable;
  if (code == ENOENT || code == ENOTDIR) {
    kind = ErrorCode::kNotFound;
  } else if (code == EACCES || code == EPERM || code == ENOEXEC) {
    kind = ErrorCode::kDenied;
  }
  return {kind, what + ": " + std::system_category().message(code)};
}

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

base::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return system_error("pipe", errno);
  }
  Pipe made;
  made.read = Descriptor(ends[0]);
  made.write = Descriptor(ends[1]);
  return made;
}

/// Input as a file in memory: no writer that could block, no SIGPIPE.
base::Result<Descriptor> make_input(const std::string& text) {
  Descriptor file(::memfd_create("tocsin-input", MFD_CLOEXEC));
  if (file.number() < 0) {
    return system_error("memfd", errno);
  }
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::write(file.number(), text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) {
      return system_error("memfd", errno);
    }
    done += wrote > 0 ? static_cast<std::size_t>(wrote) : 0;
  }
  ::lseek(file.number(), 0, SEEK_SET);
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    list.push_back(text.data());
  }
  list.push_back(nullptr);
  return list;
}

/// The setup of a child: standard streams, nothing else open, own group, signals as after a login.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output, int errors, const std::string& folder) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, 1);
    posix_spawn_file_actions_adddup2(&actions_, errors, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    if (!folder.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    }
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  base::Result<pid_t> spawn(Command& command) const {
    std::vector<char*> argv = pointers(command.argv);
    std::vector<char*> environment = pointers(command.environment);
    pid_t child = 0;
    const int code = ::posix_spawnp(&child, command.argv[0].c_str(), &actions_, &attributes_,
                                    argv.data(), environment.data());
    if (code != 0) {
      return system_error(command.argv[0], code);
    }
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// A running child. Its number stays its own until it is reaped, which comes last.
struct Child {
  Child(const asio::any_io_executor& executor, pid_t process)
      : pid(process), watch(executor), output(executor), errors(executor), drained(executor) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!reap()) {
      kill_group();
      reap();
    }
  }

  void kill_group() const { ::kill(-pid, SIGKILL); }

  bool reap() {
    int status = 0;
    if (!reaped && ::waitpid(pid, &status, WNOHANG) == pid) {
      reaped = true;
      result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    return reaped;
  }

  const pid_t pid;
  bool reaped = false;
  bool exited = false;
  int open_outputs = 2;
  stream_descriptor watch;  ///< pidfd: readable when the process has exited
  stream_descriptor output;
  stream_descriptor errors;
  async::Event drained;
  CommandResult result;
};

base::Result<std::shared_ptr<Child>> start(const asio::any_io_executor& executor,
                                           Command& command) {
  if (command.argv.empty() || command.argv[0].empty()) {
    return Error(ErrorCode::kInvalidInput, "no program is named");
  }
  const base::Result<Descriptor> input = make_input(command.input);
  base::Result<Pipe> output = make_pipe();
  base::Result<Pipe> errors = make_pipe();
  if (!input || !output || !errors) {
    return !input ? input.error() : !output ? output.error() : errors.error();
  }
  const SpawnPlan plan(input->number(), output->write.number(), errors->write.number(),
                       command.folder);
  const base::Result<pid_t> pid = plan.spawn(command);
  if (!pid) {
    return pid.error();
  }
  auto child = std::make_shared<Child>(executor, *pid);
  // The child cannot vanish before it is reaped, so its number still names it here.
  Descriptor watch(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (watch.number() < 0) {
    return system_error("pidfd", errno);
  }
  child->watch.assign(watch.release());
  child->output.assign(output->read.release());
  child->errors.assign(errors->read.release());
  return child;
}

enum class Output : std::uint8_t { kOutput, kErrors };

async::Task<> drain(std::shared_ptr<Child> child, Output which, std::size_t limit) {
  const bool normal = which == Output::kOutput;
  stream_descriptor& stream = normal ? child->output : child->errors;
  std::string& into = normal ? child->result.output : child->result.errors;
  bool& cut = normal ? child->result.output_cut : child->result.errors_cut;
  const auto piece = std::make_unique<std::array<char, 8192>>();
  bool open = true;
  while (open) {
    const auto [error, got] = co_await stream.async_read_some(asio::buffer(*piece), kOutcome);
    const std::size_t room = limit - std::min(limit, into.size());
    into.append(piece->data(), std::min(room, got));
    cut = cut || got > room;
    open = !error;
  }
  --child->open_outputs;
  child->drained.notify();
}

async::Task<> wait_drained(std::shared_ptr<Child> child) {
  while (child->open_outputs > 0) {
    const base::Status woken = co_await child->drained.wait();
    if (!woken) {
      co_return;
    }
  }
}

async::Task<> wait_exit(std::shared_ptr<Child> child) {
  const auto [error] = co_await child->watch.async_wait(stream_descriptor::wait_read, kOutcome);
  child->exited = !error;
}

/// What outlives the program in its group, and holds its output open, gets a moment to finish.
async::Task<> wait_exit_and_linger(std::shared_ptr<Child> child, async::Timers& timers,
                                   const base::Clock& clock) {
  co_await wait_exit(child);
  const base::MonotonicTime linger = clock.monotonic_now() + kLingerLimit;
  co_await async::race_deadline(timers, linger, wait_drained(child));
  if (child->open_outputs > 0) {
    child->kill_group();
    child->output.cancel();
    child->errors.cancel();
  }
}

async::Task<> communicate(std::shared_ptr<Child> child, async::Timers& timers,
                          const base::Clock& clock, std::size_t limit) {
  auto output = drain(child, Output::kOutput, limit);
  auto errors = drain(child, Output::kErrors, limit);
  auto streams = async::both(std::move(output), std::move(errors));
  co_await async::both(std::move(streams), wait_exit_and_linger(child, timers, clock));
}

async::Task<> await_death(std::shared_ptr<Child> child, async::Timers& timers,
                          const base::Clock& clock) {
  const base::MonotonicTime limit = clock.monotonic_now() + kReapLimit;
  co_await async::race_deadline(timers, limit, wait_exit(child));
}

}  // namespace

async::Task<base::Result<CommandResult>> run_command(async::Timers& timers,
                                                     const base::Clock& clock, Command command,
                                                     base::MonotonicTime deadline) {
  const auto executor = co_await asio::this_coro::executor;
  base::Result<std::shared_ptr<Child>> started = start(executor, command);
  if (!started) {
    co_return started.error();
  }
  const std::shared_ptr<Child> child = std::move(*started);
  auto work = communicate(child, timers, clock, command.max_output_bytes);
  const async::RaceEnd end = co_await async::race_deadline(timers, deadline, std::move(work));
  const bool unfinished = !child->exited || child->open_outputs > 0;
  if (unfinished) {
    child->kill_group();
    co_await async::shield(await_death(child, timers, clock));
  }
  child->reap();
  const std::string name = command.argv[0];
  if (end == async::RaceEnd::kTimedOut) {
    co_return Error(ErrorCode::kTimeout, name + ": killed, it ran for too long");
  }
  const bool cancelled = co_await async::is_cancelled();
  if (cancelled) {
    co_return Error(ErrorCode::kCancelled, name + ": cancelled");
  }
  co_return std::move(child->result);
}

}  // namespace tocsin::net
