// When a file was last written and how long it is: what tells one version of it from another.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace nacre {

struct FileStamp {
  int64_t size = 0, modified = 0;  ///< bytes; nanoseconds since 1970
};

Result<FileStamp> stamp_of(const std::string& path);
/// The absolute path behind symbolic links.
Result<std::string> real_path(const std::string& path);
/// The folder of the running program; empty where the system does not say.
std::string program_folder();

}  // namespace nacre
