#include "notifiers/exec/exec.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.h"
#include "notifiers/notice_body.h"
#include "notifiers/outcome.h"
#include "notifiers/template_texts.h"

namespace tocsin::notifiers::exec {
namespace {

// sysexits.h: from "wrong usage" to "wrong configuration"; in between a temporary failure, which
// the user is invited to retry.
constexpr int kFirstRefusal = 64;
constexpr int kLastRefusal = 78;
constexpr int kTemporaryFailure = 75;
constexpr std::size_t kMaxOutputBytes = 4096;

/// Finds the program as the start of it will, so that its absence is told before the first page.
void check_program(yaml::MappingReader& reader, const DecodeContext& context,
                   std::string& program) {
  const base::FileSystem& files = context.files.system;
  if (program.find('/') != std::string::npos) {
    program = base::resolve_path(context.files.folder, program);
    if (!files.is_program(program)) {
      reader.problem("command",
                     "expected a program, but " + base::quote(program) +
                         (files.exists(program) ? " cannot be executed" : " does not exist"));
    }
    return;
  }
  for (const std::string_view folder : base::split(context.search_path, ':')) {
    if (files.is_program(base::resolve_path(folder, program))) {
      return;
    }
  }
  reader.problem("command", "expected a program, but there is no " + base::quote(program) +
                                " in PATH=" + context.search_path);
}

class ExecNotifier final : public Notifier {
 public:
  ExecNotifier(const Exec& integration, const Parts& parts)
      : integration_(integration),
        timers_(parts.timers),
        clock_(parts.clock),
        renderer_(parts.renderer) {}

  base::Duration time_limit() const override { return integration_.config().timeout; }

  async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime deadline) override {
    base::Result<net::Command> command = integration_.render(notice, renderer_);
    if (!command) {
      co_return refused(command.error().to_string());
    }
    deadline = std::min(deadline, clock_.monotonic_now() + time_limit());
    net::Command ready = std::move(*command);
    const base::Result<net::CommandResult> result =
        co_await net::run_command(timers_, clock_, std::move(ready), deadline);
    co_return integration_.classify(result);
  }

 private:
  const Exec& integration_;
  async::Timers& timers_;
  const base::Clock& clock_;
  const TextRenderer& renderer_;
};

}  // namespace

base::Result<net::Command> Exec::render(const model::Notice& notice,
                                        const TextRenderer& renderer) const {
  TemplateTexts texts(renderer, notice);
  net::Command command;
  command.argv.push_back(config_.command.front());
  for (std::size_t i = 1; i < config_.command.size(); ++i) {
    command.argv.push_back(texts.render("argument " + std::to_string(i), config_.command[i]));
  }
  if (texts.failure()) {
    return *texts.failure();
  }
  command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "TOCSIN_NOTICE_ID=" + notice.id,
                         std::string("TOCSIN_STATUS=") + (notice.resolved ? "resolved" : "firing")};
  for (const auto& [name, value] : config_.environment) {
    command.environment.push_back(name + "=" + value);
  }
  command.input = boost::json::serialize(program_body(notice)) + "\n";
  command.max_output_bytes = kMaxOutputBytes;
  return command;
}

Outcome Exec::classify(const base::Result<net::CommandResult>& result) const {
  if (!result) {
    const base::Error& error = result.error();
    const bool permanent =
        error.code() == base::ErrorCode::kNotFound || error.code() == base::ErrorCode::kDenied;
    return permanent ? refused(error.message()) : retry(error.message());
  }
  if (result->signal != 0) {
    return retry("the program was ended by signal " + std::to_string(result->signal));
  }
  if (result->exit_code == 0) {
    return delivered();
  }
  std::string reason = "exit code " + std::to_string(result->exit_code);
  if (const std::string line = first_line(result->errors); !line.empty()) {
    reason += ": " + line;
  }
  const int code = result->exit_code;
  const bool permanent = code >= kFirstRefusal && code <= kLastRefusal && code != kTemporaryFailure;
  return permanent ? refused(std::move(reason)) : retry(std::move(reason));
}

std::unique_ptr<Notifier> Exec::make(const Parts& parts) const {
  return std::make_unique<ExecNotifier>(*this, parts);
}

Config decode(yaml::MappingReader& reader, DecodeContext& context) {
  Config config;
  config.send_resolved = reader.boolean("send_resolved").value_or(config.send_resolved);
  config.command = reader.texts("command");
  if (config.command.empty() || config.command.front().empty()) {
    reader.problem("command", "expected a list: the program's path, then its arguments");
    config.command = {"/bin/false"};
  } else {
    check_program(reader, context, config.command.front());
  }
  config.environment = reader.text_map("environment");
  for (const auto& [name, value] : config.environment) {
    if (name.empty() || name.find('=') != std::string::npos) {
      reader.problem("environment", "expected names without \"=\"");
    }
  }
  config.timeout = reader.duration("timeout").value_or(config.timeout);
  if (config.timeout.count() <= 0) {
    reader.problem("timeout", "expected more than 0s");
  }
  return config;
}

Backend backend() {
  return {"exec", [](yaml::MappingReader& reader, DecodeContext& context) {
            return std::make_unique<Exec>(decode(reader, context));
          }};
}

}  // namespace tocsin::notifiers::exec
