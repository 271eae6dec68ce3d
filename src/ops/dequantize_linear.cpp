// DequantizeLinear: y = (x - zero_point) * scale.
// https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
#include <algorithm>

#include "ops/elementwise.h"
#include "ops/quantization.h"

namespace nacre {
namespace {

DType output_dtype(const Attributes& attributes, DType scale) {
  const int64_t asked = attributes.integer("output_dtype", 0);
  return asked > 0 && asked < kDTypeCount ? static_cast<DType>(asked) : scale;
}

Result<void> infer(Inference& inference) {
  inference.set(0, output_dtype(inference.attributes(), inference.dtype(1)), inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Granularity granularity = NACRE_TRY(Granularity::of(e));
  Tensor* y = NACRE_TRY(e.output(0, output_dtype(e.attributes(), e.dtype(1)), e.shape(0)));
  std::vector<float> scales, zero_points, x(static_cast<size_t>(std::min(kBlock, y->size())));
  const float* scale = elements_as<float>(e.input(1), scales);
  const float* zero_point = e.has(2) ? elements_as<float>(e.input(2), zero_points) : nullptr;
  granularity.for_each_run(kBlock, [&](int64_t begin, int64_t count, int64_t at, int64_t step) {
    load_as<float>(e.dtype(0), e.input(0).raw(), begin, count, x.data());
    for (int64_t i = 0; i < count; ++i, at += step) x[i] = (zero_point ? x[i] - zero_point[at] : x[i]) * scale[at];
    store_from<float>(y->dtype(), y->mutable_raw(), begin, count, x.data());
  });
  return {};
}

}  // namespace

extern const Op op_dequantize_linear;
const Op op_dequantize_linear{
    .name = "DequantizeLinear",
    .since = {10, 13, 19, 21, 23, 24, 25},
    .types = packed_types | TypeSet{DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz, DType::int16,
                                    DType::int32, DType::int8, DType::uint16, DType::uint8},
    .inputs = {2, 3},
    .infer = infer,
    .evaluate = evaluate};

}  // namespace nacre
