// Shared by the ai.onnx.ml operators that treat the last axis as features.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Attribute `name` with one entry for each feature, or one for all.
Result<std::vector<float>> per_feature(const Attributes& attributes, std::string_view name, int64_t features, float otherwise);

/// Input 0's shape with this dtype.
Result<void> infer_as(Inference& inference, DType dtype);

}  // namespace nacre
