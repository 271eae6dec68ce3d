// ONNX models of one node, written byte by byte: what is needed where there is no graph to export.
#pragma once

#include <string>

#include "core/result.h"
#include "graph/fact.h"

namespace nacre::onnxruntime {

/// y = MatMul(x, w) for float32 x [rows, size] and w of ones [size, size]: the first thing a library or provider runs.
std::string matmul_model(int64_t rows, int64_t size);

/// y = an empty sequence of this fact: the C interface has no maker for one.
Result<std::string> empty_sequence_model(const Fact& fact);

}  // namespace nacre::onnxruntime
