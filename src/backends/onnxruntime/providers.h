// ONNX Runtime's execution providers by the names they have here.
#pragma once

#include "backends/onnxruntime/library.h"
#include "runtime/backend.h"

namespace nacre::onnxruntime {

struct Provider {
  std::string_view name;   // "cuda"
  std::string_view named;  // "CUDAExecutionProvider"
  /// Keys it takes, where ONNX Runtime does not refuse unknown ones itself; empty: it does. "-": none.
  std::string_view keys;
  Result<void> (*append)(const Library&, SessionOptions*, const Provider&, const BackendOptions&);
  std::string_view generic = {};  // what the one function for all calls it
};

/// "cpu" has no append: it is always there.
const Provider* find_provider(std::string_view name);
std::span<const Provider> all_providers();
std::string_view short_name(std::string_view named);

/// True for "gpu", "npu" and "auto".
bool is_preset(std::string_view name);
/// The providers that a preset or a name stands for in this library, the first choice first; a name has one. Fails (unavailable)
/// with those the library has.
Result<std::vector<const Provider*>> choose_providers(const Library& library, std::string_view device);

/// Keys that are not known are refused with those that are.
Result<void> check_keys(const Provider& provider, const BackendOptions& options);

/// What a provider runs on.
struct ProviderDevice {
  std::string provider, vendor, name;  // empty: not told
  std::string kind;                    // "cpu", "gpu", "npu"
  const EpDevice* handle = nullptr;
};
/// The devices of the built-in and registered providers. Fails (unavailable) before 1.22, which lists none.
Result<std::vector<ProviderDevice>> provider_devices(const Library& library);

/// Those of an execution provider that is a library of its own. `library_path` is tried in a child process first.
Result<std::vector<ProviderDevice>> plugin_devices(const Library& library, const std::string& library_path);
Result<void> append_plugin(const Library& library, SessionOptions* options, const std::string& library_path, const std::string& wanted,
                           BackendOptions settings, std::string& chosen);

}  // namespace nacre::onnxruntime
