#include "app/demo_shop.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace tocsin::app {
namespace {

constexpr double kOrdersPerSecond = 80;
constexpr double kEntriesPerSecond = 400;

void counter(std::string& page, const std::string& name, const std::string& help,
             const std::string& labels, double value) {
  page += "# HELP " + name + " " + help + "\n# TYPE " + name + " counter\n";
  page += name + "{" + labels + "} " + base::format_number(std::floor(value)) + "\n";
}

}  // namespace

double DemoShop::failures(base::Duration elapsed) const {
  const base::Duration failing =
      std::clamp(elapsed - script_.healthy, base::Duration{0}, script_.failing);
  return std::chrono::duration<double>(failing).count() * script_.failures_per_second;
}

std::string DemoShop::page(base::Duration elapsed) const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const double failed = failures(elapsed);
  const std::string partner = "partner=\"dalnara\",service=\"orders\",operation=\"deliver\"";
  std::string page;
  counter(page, "partner_calls_total", "Calls to partners.", partner,
          seconds * kOrdersPerSecond + failed);
  counter(page, "partner_call_failures_total", "Calls to partners that failed.", partner, failed);
  counter(page, "orders_total", "Orders accepted.", "service=\"orders\"",
          seconds * kOrdersPerSecond);
  counter(page, "store_detail_entries_total", "Openings of a store's page.", "service=\"orders\"",
          seconds * kEntriesPerSecond);
  return page;
}

}  // namespace tocsin::app
