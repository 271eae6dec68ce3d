// The file that NACRE_CONFIG names: {"backend": "onnxruntime:cuda,native", "backend_options": {"onnxruntime.optimisation": "2"}}
#pragma once

#include "core/result.h"
#include "nacre/session.h"

namespace nacre {

struct Config {
  std::string backend;
  BackendOptions backend_options;
};

/// Empty without the variable. Fails on a file that cannot be read, is no such object, or has a key that is not known.
Result<Config> read_config();

}  // namespace nacre
