// Limits that control groups set, read from the files Linux shows them in.
#pragma once

#include <string>
#include <vector>

namespace nacre {

/// The start of a small file of the system (/proc, /sys), whose size is unknown before it is read; empty when absent.
std::string read_small_file(const std::string& path);

/// Contents of `v2` (cgroup v2) or `v1` (under the controller of that name) in the process's group and all above it.
std::vector<std::string> cgroup_files(const std::string& controller, const std::string& v1, const std::string& v2);

}  // namespace nacre
