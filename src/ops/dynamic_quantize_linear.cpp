// DynamicQuantizeLinear: quantises to uint8 by the range of the data, which is stretched to hold 0.
// https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, DType::uint8, inference.input(0).shape);
  inference.set(1, DType::float32, SymShape{});
  inference.set(2, DType::uint8, SymShape{});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const std::span<const float> x = e.input(0).data<float>();
  float low = 0, high = 0;
  for (float value : x) low = std::min(low, value), high = std::max(high, value);
  const float scale = high == low ? 1.0f / 255 : (high - low) / 255;
  const float zero_point = std::nearbyint(std::clamp(-low / scale, 0.0f, 255.0f));
  Tensor* y = NACRE_TRY(e.output(0, DType::uint8, e.shape(0)));
  uint8_t* out = static_cast<uint8_t*>(y->mutable_raw());
  for (size_t i = 0; i < x.size(); ++i) {
    const float level = std::nearbyint(x[i] / scale) + zero_point;
    out[i] = static_cast<uint8_t>(!(level > 0) ? 0 : std::min(level, 255.0f));
  }
  *static_cast<float*>(NACRE_TRY(e.output(1, DType::float32, {}))->mutable_raw()) = scale;
  *static_cast<uint8_t*>(NACRE_TRY(e.output(2, DType::uint8, {}))->mutable_raw()) = static_cast<uint8_t>(zero_point);
  return {};
}

}  // namespace

extern const Op op_dynamic_quantize_linear;
const Op op_dynamic_quantize_linear{.name = "DynamicQuantizeLinear",
                                    .since = {11},
                                    .types = TypeSet{DType::float32},
                                    .outputs = {3, 3},
                                    .infer = infer,
                                    .evaluate = evaluate};

}  // namespace nacre
