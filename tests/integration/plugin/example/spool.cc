// A notifier that appends each notice to a file, one JSON object per line.

#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tocsin/plugin.hpp>

namespace {

/// Finds the text of a key in a flat JSON object; a real plugin would use a JSON library.
std::string text_of(std::string_view json, const std::string& key) {
  const std::string start = "\"" + key + "\":\"";
  const auto from = json.find(start);
  if (from == std::string_view::npos) {
    throw std::runtime_error("the configuration needs \"" + key + "\"");
  }
  const auto begin = from + start.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

class Spool : public tocsin::plugin::Notifier {
 public:
  Spool(tocsin::plugin::Host host, std::string_view config)
      : host_(host), path_(text_of(config, "path")) {}

  tocsin::plugin::Outcome deliver(std::string_view notice, std::chrono::milliseconds) override {
    std::ofstream file(path_, std::ios::app);
    file << notice << '\n' << std::flush;
    if (!file) {
      return tocsin::plugin::Outcome::retry("cannot write to " + path_);
    }
    host_.log(TOCSIN_LOG_INFO, "spooled a notice");
    return tocsin::plugin::Outcome::delivered();
  }

 private:
  tocsin::plugin::Host host_;
  std::string path_;
};

}  // namespace

TOCSIN_NOTIFIER_PLUGIN(Spool, "spool", "1.0.0")
