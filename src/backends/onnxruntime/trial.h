// The first run of a library or provider, to be made in a child process.
#pragma once

#include "backends/onnxruntime/library.h"

namespace nacre::onnxruntime {

/// Makes a session with `options` (null: the defaults), runs a small MatMul and looks at its numbers.
Result<void> run_trial(const Library& library, const SessionOptions* options);

}  // namespace nacre::onnxruntime
