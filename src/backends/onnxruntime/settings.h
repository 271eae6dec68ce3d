// What a session of ONNX Runtime is made with.
#pragma once

#include "backends/onnxruntime/providers.h"

namespace nacre::onnxruntime {

struct Settings {
  int optimisation = 99;  // 0 none, 1 basic, 2 extended, 99 all
  int intra_threads = 1, inter_threads = 1;
  int log_severity = 4;  // what fails comes back as an error anyway: fatal alone
  bool deterministic = false, strict = false;
  bool io_binding = false;  // inputs and outputs are bound before the run; the default where the provider is no CPU's
  std::string profile;      // prefix of the file that ONNX Runtime writes
  std::string plugin, plugin_provider;
  BackendOptions provider_options, config;
  const Provider* provider = nullptr;  // null: a plugin
};

/// Refuses names that are not known. Looks at no library.
Result<void> check_settings(const BackendOptions& options);

/// `provider`: one of those that the device stands for; null: a plugin.
Result<Settings> read_settings(const Provider* provider, const CompileOptions& options);

struct MadeOptions {
  std::shared_ptr<SessionOptions> handle;
  std::string provider;  // as ONNX Runtime calls it; "CPUExecutionProvider" unless another was asked for
};
/// Appends the provider too; its first run was in a child process.
Result<MadeOptions> make_options(const Library& library, const Settings& settings);

/// Whether a provider works here with its defaults: a first run in a child process. Fails (unavailable) with the reason.
Result<void> try_provider(const Library& library, const Provider& provider);

}  // namespace nacre::onnxruntime
