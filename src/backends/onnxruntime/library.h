// The ONNX Runtime of this machine: found, checked, loaded once per process and never unloaded.
#pragma once

#include <string>
#include <vector>

#include "backends/onnxruntime/abi.h"
#include "core/os/library.h"

namespace nacre::onnxruntime {

struct Library {
  std::string path, from, version;  // "1.31.1"
  SharedLibrary handle;
  Api api{nullptr, 0};
  Env* env = nullptr;  // lives as long as the process
  Allocator* allocator = nullptr;
  std::shared_ptr<MemoryInfo> cpu_memory;
  std::vector<std::string> providers;  // "CUDAExecutionProvider": built in; that says nothing of whether they work
};

/// The library of NACRE_ONNXRUNTIME, ORT_DYLIB_PATH, ONNXRUNTIME_ROOT, beside the program, of the active Python environment or
/// of the system, in this order. Its first use happens in a child process. Fails (unavailable) saying what was looked at.
Result<const Library*> library();

/// Loads one, whatever was asked for by the environment. Fails (unavailable) on a wrong version or a missing symbol.
Result<const Library*> load(const std::string& path, const std::string& from);

/// What ONNX Runtime logs on this thread in this scope, beside our log.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  const std::string& text() const noexcept { return text_; }
  void add(const char* line) { text_ += cat(line, "\n"); }

 private:
  std::string text_;
  LogCapture* outer_;
};

}  // namespace nacre::onnxruntime
