#include <cstdlib>
#include <fstream>

#include "support/stuck_disk.h"

namespace tocsin::testing {

StuckDisk::StuckDisk(const std::string& folder) : path_(folder + "/stuck") {
  ::setenv(kVariable, path_.c_str(), 1);
}

StuckDisk::~StuckDisk() {
  release();
  ::unsetenv(kVariable);
}

void StuckDisk::stick() const { std::ofstream(path_) << "stuck\n"; }

void StuckDisk::release() const { std::remove(path_.c_str()); }

}  // namespace tocsin::testing
