#include "support/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "support/eventually.h"

extern char** environ;

namespace tocsin::testing {
namespace {

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& own) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!own.contains(text.substr(0, text.find('=')))) {
      merged.push_back(text);
    }
  }
  for (const auto& [name, value] : own) {
    merged.push_back(name + "=" + value);
  }
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(ProcessOptions options) {
  // Ends with the test even when that one is killed; keeps the process id.
  const std::vector<std::string> dies_with_us = {"setpriv", "--pdeathsig", "KILL", "--"};
  options.argv.insert(options.argv.begin(), dies_with_us.begin(), dies_with_us.end());
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 2);
  std::vector<std::string> environment = merged_environment(options.environment);
  const int failed = posix_spawnp(&pid_, options.argv.at(0).c_str(), &actions, nullptr,
                                  pointers(options.argv).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  if (failed != 0) {
    close(pipe_ends[0]);
    throw std::runtime_error("cannot start " + options.argv.at(0) + ": " + std::strerror(failed));
  }
  reader_ = std::thread([this, end = pipe_ends[0]] { collect(end); });
}

Process::~Process() {
  kill();
  reader_.join();
}

void Process::collect(int descriptor) {
  char buffer[4096];
  while (true) {
    const ssize_t count = read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      break;
    }
    const std::lock_guard lock(mutex_);
    output_.append(buffer, static_cast<std::size_t>(count));
  }
  close(descriptor);
  all_read_ = true;
}

void Process::signal(int number) {
  if (!exit_code_) {
    ::kill(pid_, number);
  }
}

void Process::reap(int options) {
  int status = 0;
  if (!exit_code_ && waitpid(pid_, &status, options) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

bool Process::running() {
  reap(WNOHANG);
  return !exit_code_;
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  if (eventually(limit, [this] { return !running(); })) {
    // The pipe may still hold the last lines; a grandchild may keep it open.
    eventually(std::chrono::seconds(1), [this] { return all_read_.load(); });
  }
  return exit_code_;
}

void Process::kill() {
  signal(SIGKILL);
  reap(0);
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

Finished run_program(ProcessOptions options, std::chrono::milliseconds limit) {
  Process process(std::move(options));
  const int exit_code = process.wait(limit).value_or(-1);
  return {exit_code, process.output()};
}

}  // namespace tocsin::testing
