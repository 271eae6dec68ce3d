// Values to ONNX Runtime's and back. Elements of tensors are shared in both directions; strings are copied.
#pragma once

#include "backends/onnxruntime/library.h"
#include "core/allocate.h"
#include "graph/fact.h"

namespace nacre::onnxruntime {

using Handle = std::shared_ptr<OrtValue>;

/// Views the elements of `value`, which must outlive the handle. `fact`: the input's, for what an empty value cannot say.
Result<Handle> to_ort(const Library& library, const Value& value, const Fact& fact);

/// Views the elements of `handle` and keeps it; charges `budget`. `fact`: what the model says of the output.
Result<Value> from_ort(const Library& library, Handle handle, const Fact& fact, MemoryBudget* budget);

}  // namespace nacre::onnxruntime
