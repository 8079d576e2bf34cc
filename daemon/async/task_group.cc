#include "async/task_group.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <list>

#include "async/deadline.h"
#include "async/event.h"
#include "base/check.h"
#include "base/text.h"

namespace tocsin::async {
namespace {

namespace asio = boost::asio;

/// How often a task that ignores cancellation is asked again.
constexpr base::Duration kInsistEvery = std::chrono::milliseconds(50);

struct Entry {
  std::string name;
  asio::cancellation_signal signal;
};

Task<> run_member(Task<> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none) {
    co_await std::move(task);
  }
}

std::string text_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

}  // namespace

struct TaskGroup::State {
  State(const asio::any_io_executor& group_executor, ErrorHandler handler)
      : executor(group_executor), on_error(std::move(handler)), ended(group_executor) {}

  asio::any_io_executor executor;
  ErrorHandler on_error;
  Event ended;  ///< a task has ended
  std::list<std::shared_ptr<Entry>> entries;
  bool stopping = false;

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : entries) {
      all.push_back(entry->name);
    }
    return all;
  }

  void cancel_all() {
    // A copy: a cancelled task may end, and leave the list, within emit().
    const std::vector<std::shared_ptr<Entry>> now(entries.begin(), entries.end());
    for (const auto& entry : now) {
      entry->signal.emit(asio::cancellation_type::terminal);
    }
  }

  static Task<> wait_until_empty(std::shared_ptr<State> state) {
    while (!state->entries.empty()) {
      const base::Status woken = co_await state->ended.wait();
      if (!woken) {
        co_return;
      }
    }
  }
};

/// Lives in a task's completion handler, so it ends with the task: by its return, by an
/// exception, or because the loop was destroyed and its frame with it.
struct TaskGroup::Membership {
  Membership(std::shared_ptr<State> group, std::shared_ptr<Entry> member)
      : state(std::move(group)), entry(std::move(member)) {}
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() { leave(); }

  void leave() {
    if (!state) {
      return;
    }
    state->entries.remove(entry);
    if (state->entries.empty()) {
      state->ended.notify();
    }
    state.reset();
  }

  std::shared_ptr<State> state;
  std::shared_ptr<Entry> entry;
};

TaskGroup::TaskGroup(asio::any_io_executor executor, ErrorHandler on_error)
    : state_(std::make_shared<State>(std::move(executor), std::move(on_error))) {}

TaskGroup::~TaskGroup() {
  if (!state_->entries.empty()) {
    const std::string why = "tasks outlive their group: " + base::join(state_->names(), ", ");
    TOCSIN_CHECK(state_->entries.empty(), why);
  }
}

bool TaskGroup::spawn(std::string name, Task<> task) {
  if (state_->stopping) {
    return false;
  }
  auto entry = std::make_shared<Entry>();
  entry->name = std::move(name);
  state_->entries.push_back(entry);
  auto membership = std::make_shared<Membership>(state_, entry);
  auto done = [membership](const std::exception_ptr& exception) {
    const std::shared_ptr<State> state = membership->state;
    membership->leave();
    // The signal is still in use below this call; it goes with the next turn of the loop.
    asio::post(state->executor, [kept = membership->entry] { (void)kept; });
    if (exception && state->on_error) {
      state->on_error(membership->entry->name, text_of(exception));
    }
  };
  asio::co_spawn(state_->executor, run_member(std::move(task)),
                 asio::bind_cancellation_slot(entry->signal.slot(), std::move(done)));
  return true;
}

void TaskGroup::cancel() { state_->cancel_all(); }

bool TaskGroup::stopping() const { return state_->stopping; }

std::size_t TaskGroup::size() const { return state_->entries.size(); }

std::vector<std::string> TaskGroup::running() const { return state_->names(); }

Task<std::vector<std::string>> TaskGroup::stop(Timers& timers, const base::Clock& clock,
                                               base::Duration limit, StuckHandler on_stuck) {
  const std::shared_ptr<State> state = state_;
  state->stopping = true;
  state->cancel_all();
  const base::MonotonicTime polite = clock.monotonic_now() + limit;
  co_await race_deadline(timers, polite, State::wait_until_empty(state));
  if (state->entries.empty()) {
    co_return std::vector<std::string>{};
  }
  if (on_stuck) {
    on_stuck(state->names());
  }
  const base::MonotonicTime firm = polite + limit;
  while (!state->entries.empty() && clock.monotonic_now() < firm) {
    state->cancel_all();
    const base::MonotonicTime next = std::min(firm, clock.monotonic_now() + kInsistEvery);
    co_await race_deadline(timers, next, State::wait_until_empty(state));
    const bool cancelled = co_await is_cancelled();
    if (cancelled) {
      break;
    }
  }
  co_return state->names();
}

}  // namespace tocsin::async
