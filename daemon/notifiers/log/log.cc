#include "notifiers/log/log.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "notifiers/outcome.h"

namespace tocsin::notifiers::log {
namespace {

class LogNotifier final : public Notifier {
 public:
  LogNotifier(const Log& integration, const Parts& parts)
      : integration_(integration), renderer_(parts.renderer), log_(parts.log) {}

  base::Duration time_limit() const override { return std::chrono::seconds(1); }

  async::Task<Outcome> deliver(model::Notice notice, base::MonotonicTime) override {
    const base::Result<std::string> line = integration_.render(notice, renderer_);
    if (!line) {
      co_return refused(line.error().to_string());
    }
    if (log_) {
      log_(!notice.resolved, *line);
    }
    co_return delivered();
  }

 private:
  const Log& integration_;
  const TextRenderer& renderer_;
  LogSink log_;
};

}  // namespace

base::Result<std::string> Log::render(const model::Notice& notice,
                                      const TextRenderer& renderer) const {
  std::string line;
  if (config_.message.empty()) {
    line = "notice status=" + std::string(notice.resolved ? "resolved" : "firing") +
           " receiver=" + base::quote(notice.receiver) +
           " group=" + base::quote(notice.group_labels.to_string()) +
           " alerts=" + std::to_string(notice.alerts.size() + notice.truncated_alerts) +
           " notice=" + base::quote(notice.id);
  } else {
    base::Result<std::string> rendered = renderer.render(config_.message, notice);
    if (!rendered) {
      return base::Error(rendered.error()).context("message");
    }
    line = *std::move(rendered);
  }
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

std::unique_ptr<Notifier> Log::make(const Parts& parts) const {
  return std::make_unique<LogNotifier>(*this, parts);
}

Config decode(yaml::MappingReader& reader) {
  Config config;
  config.send_resolved = reader.boolean("send_resolved").value_or(config.send_resolved);
  config.message = reader.text("message").value_or("");
  return config;
}

Backend backend() {
  return {"log", [](yaml::MappingReader& reader, DecodeContext&) {
            return std::make_unique<Log>(decode(reader));
          }};
}

}  // namespace tocsin::notifiers::log
