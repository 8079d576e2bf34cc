#pragma once

#include "base/file_system.h"

namespace tocsin::async {

/// The machine's files.
class RealFileSystem final : public base::FileSystem {
 public:
  /// Of a pipe whose writer is silent for five seconds: kTimeout.
  base::Result<std::string> read_file(const std::string& path,
                                      std::size_t max_bytes) const override;
  base::Result<std::vector<std::string>> list_folder(const std::string& path) const override;
  base::Result<std::string> read_link(const std::string& path) const override;
  bool exists(const std::string& path) const override;
  bool is_program(const std::string& path) const override;
  /// Wildcards do not match names that begin with a dot: editors' and ConfigMap mounts' leftovers.
  base::Result<std::vector<std::string>> glob(const std::string& pattern) const override;
};

/// The whole of descriptor 0, however long it takes to come.
base::Result<std::string> read_standard_input(std::size_t max_bytes);

}  // namespace tocsin::async
