#include "core/os/cgroup.h"

#include <fcntl.h>

#include <string_view>

#include "core/os/descriptor.h"

namespace nacre {
namespace {

constexpr size_t kMostBytes = 65536;

// A line of /proc/self/cgroup is `number:controllers:path`; v2's has no controllers.
std::string group_path(std::string_view lines, std::string_view controller) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string names = cat(',', line.substr(first + 1, second - first - 1), ',');
    if (names.find(cat(',', controller, ',')) != std::string::npos) return std::string(line.substr(second + 1));
  }
  return {};
}

// In a container the path may name groups outside of the mount: those files are absent, the mount's root counts.
void collect(std::vector<std::string>& out, const std::string& mount, std::string path, const std::string& file) {
  for (;;) {
    if (path == "/") path.clear();
    std::string text = read_small_file(cat(mount, path, '/', file));
    if (!text.empty()) out.push_back(std::move(text));
    if (path.empty()) return;
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
}

}  // namespace

std::string read_small_file(const std::string& path) {
  const Descriptor file(retrying([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (!file) return {};
  std::string text;
  char part[4096];
  while (text.size() < kMostBytes) {
    const ssize_t got = retrying([&] { return ::read(file.get(), part, sizeof part); });
    if (got <= 0) break;
    text.append(part, static_cast<size_t>(got));
  }
  return text;
}

std::vector<std::string> cgroup_files(const std::string& controller, const std::string& v1, const std::string& v2) {
  const std::string groups = read_small_file("/proc/self/cgroup");
  std::vector<std::string> out;
  if (!groups.empty()) collect(out, "/sys/fs/cgroup", group_path(groups, ""), v2);
  if (!groups.empty()) collect(out, "/sys/fs/cgroup/" + controller, group_path(groups, controller), v1);
  return out;
}

}  // namespace nacre
