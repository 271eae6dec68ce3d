// The reference libraries' results in the folder of shared test data: $NACRE_SHARED, else ../shared beside the source.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/os/file.h"
#include "io/json.h"

namespace nacre {

inline std::string shared_path(const std::string& name) {
  const char* given = std::getenv("NACRE_SHARED");
  return (given ? std::string(given) : std::string(NACRE_SOURCE_DIR "/../shared")) + "/" + name;
}

#define NACRE_NEEDS_SHARED(name) \
  if (!is_file(shared_path(name))) GTEST_SKIP() << "no " << shared_path(name) << ": set NACRE_SHARED to the shared test data"

/// A file's text, unpacked when it is gzip.
inline std::string read_gz(const std::string& path) {
  std::string out;
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) return out;
  char buffer[1 << 16];
  for (int count; (count = gzread(file, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<size_t>(count));
  gzclose(file);
  return out;
}

/// NACRE_GOLDEN_STEP=10: every tenth line of a long golden file, for builds in which a line takes a hundred times as long.
inline size_t golden_step() {
  const char* given = std::getenv("NACRE_GOLDEN_STEP");
  return given ? static_cast<size_t>(std::max(std::atoi(given), 1)) : 1;
}
/// How many of `lines` are read.
inline size_t golden_share(size_t lines) { return (lines + golden_step() - 1) / golden_step(); }

/// The objects of a file, one to a line: every `step`-th.
inline std::vector<Json> read_json_lines(const std::string& path, size_t step = 1) {
  std::vector<Json> out;
  const std::string text = read_gz(path);
  size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (number++ % step == 0) {
      auto json = parse_json(rest.substr(0, end));
      EXPECT_TRUE(json) << path << ": " << json.error().what();
      if (json) out.push_back(*json);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace nacre
