#include <sys/utsname.h>

#include "sources/system/collectors.h"

namespace tocsin::sources::system {

base::Status collect_uname(const Host& /*host*/, Output& out) {
  utsname names{};
  if (uname(&names) != 0) {
    return base::Error(base::ErrorCode::kInternal, "uname failed");
  }
  out.add("node_uname_info",
          {{"domainname", static_cast<const char*>(names.domainname)},
           {"machine", static_cast<const char*>(names.machine)},
           {"nodename", static_cast<const char*>(names.nodename)},
           {"release", static_cast<const char*>(names.release)},
           {"sysname", static_cast<const char*>(names.sysname)},
           {"version", static_cast<const char*>(names.version)}},
          1);
  return {};
}

}  // namespace tocsin::sources::system
