#include "notifiers/plugin/plugin.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "async/blocking_thread.h"
#include "async/deadline.h"
#include "base/text.h"
#include "notifiers/notice_body.h"
#include "notifiers/outcome.h"
#include "notifiers/plugin/library.h"

namespace tocsin::notifiers::plugin {
namespace {

/// What the plugin's thread works with. Jobs share it, so that one that hangs keeps it alive.
struct Worker {
  std::string path;
  std::string config;
  LogSink log;
  std::string version;
  std::unique_ptr<Instance> instance;

  base::Result<std::string> deliver(const std::string& notice, base::Duration time_limit) {
    if (!instance) {
      auto library = Library::load(path);
      if (!library) {
        return library.error();
      }
      auto created = Instance::create(*library, config, log, version);
      if (!created) {
        return created.error();
      }
      instance = *std::move(created);
    }
    return instance->deliver(notice, time_limit);
  }
};

async::ThreadOptions thread_options() {
  async::ThreadOptions options;
  options.name = "plugin";
  return options;
}

class PluginNotifier final : public Notifier {
 public:
  PluginNotifier(const Config& config, const Parts& parts)
      : timeout_(config.timeout),
        timers_(parts.timers),
        clock_(parts.clock),
        worker_(std::make_shared<Worker>(Worker{config.path, boost::json::serialize(config.config),
                                                parts.log, parts.version, nullptr})),
        thread_(parts.executor, thread_options()) {}

  base::Duration time_limit() const override { return timeout_; }

  async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime deadline) override {
    if (thread_.pending() > 0) {
      co_return retry("the plugin has not returned from an earlier delivery");
    }
    deadline = std::min(deadline, clock_.monotonic_now() + timeout_);
    const auto left = std::chrono::floor<base::Duration>(deadline - clock_.monotonic_now());
    if (left.count() <= 0) {
      co_return retry("no time was left");
    }
    std::string text = boost::json::serialize(program_body(notice));
    auto job = [worker = worker_, text = std::move(text), left] {
      return worker->deliver(text, left);
    };
    async::Task<base::Result<std::string>> working = thread_.run(std::move(job));
    const base::Result<std::string> answer =
        co_await async::with_deadline(timers_, deadline, std::move(working));
    co_return answer ? read_outcome(*answer) : from_error(answer.error());
  }

 private:
  base::Duration timeout_;
  async::Timers& timers_;
  const base::Clock& clock_;
  std::shared_ptr<Worker> worker_;
  async::BlockingThread thread_;
};

/// A plain scalar as YAML reads it; quoted ones are texts.
boost::json::value scalar(const yaml::Node& node) {
  const std::string& text = node.text();
  if (node.quoted()) {
    return boost::json::value(text);
  }
  if (text == "true" || text == "false") {
    return text == "true";
  }
  boost::system::error_code failure;
  boost::json::value number = boost::json::parse(text, failure);
  return !failure && number.is_number() ? number : boost::json::value(text);
}

boost::json::value to_json(const yaml::Node& node) {
  switch (node.kind()) {
    case yaml::NodeKind::kScalar:
      return scalar(node);
    case yaml::NodeKind::kSequence: {
      boost::json::array array;
      for (const yaml::Node& item : node.items()) {
        array.push_back(to_json(item));
      }
      return array;
    }
    case yaml::NodeKind::kMapping: {
      boost::json::object object;
      for (const auto& [key, value] : node.entries()) {
        object[key.text()] = to_json(value);
      }
      return object;
    }
    default:
      return nullptr;
  }
}

/// Null after a fault, which is reported.
std::shared_ptr<const Library> load(yaml::MappingReader& reader, const std::string& path) {
  auto library = Library::load(path);
  if (library && !(*library)->has_notifier()) {
    library = base::Error(base::ErrorCode::kUnsupported, path + " offers no notifier");
  }
  if (!library) {
    reader.problem("path", library.error().message());
    return nullptr;
  }
  return *std::move(library);
}

}  // namespace

Outcome read_outcome(std::string_view json) {
  boost::system::error_code failure;
  const boost::json::value parsed = boost::json::parse(json, failure);
  const boost::json::object* object = failure ? nullptr : parsed.if_object();
  const auto text = [&](std::string_view key) -> std::string {
    const auto* value = object == nullptr ? nullptr : object->if_contains(key);
    return value != nullptr && value->is_string()
               ? first_line(std::string_view(value->get_string()))
               : std::string();
  };
  const std::string outcome = text("outcome");
  if (outcome == "delivered") {
    return delivered();
  }
  if (outcome == "refused") {
    return refused(text("reason"));
  }
  if (outcome != "retry") {
    return retry("the plugin returned no outcome");
  }
  Outcome again = retry(text("reason"));
  const auto* after = object->if_contains("retry_after_ms");
  if (after != nullptr && after->is_int64() && after->get_int64() >= 0) {
    again.retry_after = base::Duration(after->get_int64());
  }
  return again;
}

std::unique_ptr<Notifier> Plugin::make(const Parts& parts) const {
  return std::make_unique<PluginNotifier>(config_, parts);
}

Config decode(yaml::MappingReader& reader, DecodeContext& context) {
  Config config;
  std::shared_ptr<const Library> library;
  config.send_resolved = reader.boolean("send_resolved").value_or(config.send_resolved);
  if (const auto path = reader.required_text("path"); path && !path->empty()) {
    config.path = base::resolve_path(context.files.folder, *path);
    if (!context.files.system.exists(config.path)) {
      reader.problem("path", "the file " + base::quote(config.path) + " does not exist");
    } else {
      library = load(reader, config.path);
    }
  }
  if (const yaml::Node* node = reader.take("config"); node != nullptr && !node->is_null()) {
    boost::json::value json = to_json(*node);
    if (json.is_object()) {
      config.config = std::move(json.get_object());
    } else {
      reader.problem("config", "expected a mapping");
    }
  }
  config.timeout = reader.duration("timeout").value_or(config.timeout);
  if (config.timeout.count() <= 0) {
    reader.problem("timeout", "expected more than 0s");
  }
  if (library) {
    // Whether the plugin takes its configuration is to be known before the first page.
    const auto tried = Instance::create(std::move(library), boost::json::serialize(config.config),
                                        {}, context.version);
    if (!tried) {
      reader.problem("config", tried.error().message());
    }
  }
  return config;
}

Backend backend() {
  return {"plugin", [](yaml::MappingReader& reader, DecodeContext& context) {
            return std::make_unique<Plugin>(decode(reader, context));
          }};
}

base::Result<Info> inspect(const std::string& path) {
  const auto library = Library::load(path);
  if (!library) {
    return library.error();
  }
  return Info{std::string((*library)->name()), std::string((*library)->version()),
              (*library)->has_notifier()};
}

}  // namespace tocsin::notifiers::plugin
