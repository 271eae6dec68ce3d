// QuantizeLinear: y = saturate(round(x / scale) + zero_point), halves to the even integer.
// https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
#include <algorithm>

#include "ops/elementwise.h"
#include "ops/quantization.h"

namespace nacre {
namespace {

DType output_dtype(const Attributes& attributes, bool has_zero_point, DType zero_point) {
  if (has_zero_point) return zero_point;
  const int64_t asked = attributes.integer("output_dtype", 0);
  return asked > 0 && asked < kDTypeCount ? static_cast<DType>(asked) : DType::uint8;
}

Result<void> infer(Inference& inference) {
  inference.set(0, output_dtype(inference.attributes(), inference.has(2), inference.dtype(2)), inference.input(0).shape);
  return {};
}

// The quotient is rounded to the type the division is asked to be in.
struct Divide {
  DType precision;
  double operator()(double x, double scale) const {
    const double quotient = x / scale;
    if (precision == DType::float16) return static_cast<float>(Float16(static_cast<float>(quotient)));
    if (precision == DType::bfloat16) return static_cast<float>(BFloat16(static_cast<float>(quotient)));
    return precision == DType::float32 ? static_cast<float>(quotient) : quotient;
  }
};

struct Limits {
  double low, high;
};
Limits integer_limits(DType dtype) {
  const double codes = std::ldexp(1.0, static_cast<int>(bits_of(dtype)));
  return is_signed(dtype) ? Limits{-codes / 2, codes / 2 - 1} : Limits{0, codes - 1};
}

DType division_dtype(const Evaluation& e) {
  const int64_t asked = e.attributes().integer("precision", 0);
  if (asked > 0 && asked < kDTypeCount) return static_cast<DType>(asked);
  return e.dtype(1) == DType::float8e8m0 ? e.dtype(0) : e.dtype(1) == DType::int32 ? DType::float64 : e.dtype(1);
}

Result<void> evaluate(Evaluation& e) {
  const DType to = output_dtype(e.attributes(), e.has(2), e.has(2) ? e.dtype(2) : DType::undefined);
  const Granularity granularity = NACRE_TRY(Granularity::of(e));
  Tensor* y = NACRE_TRY(e.output(0, to, e.shape(0)));
  std::vector<double> scales, zero_points, x(static_cast<size_t>(std::min(kBlock, y->size())));
  const double* scale = elements_as<double>(e.input(1), scales);
  const double* zero_point = e.has(2) ? elements_as<double>(e.input(2), zero_points) : nullptr;
  const Divide divide{division_dtype(e)};
  const bool to_integer = is_integer(to);
  const Limits limits = to_integer ? integer_limits(to) : Limits{};
  const ConvertOptions options{.saturate = e.attributes().integer("saturate", 1) != 0};
  granularity.for_each_run(kBlock, [&](int64_t begin, int64_t count, int64_t at, int64_t step) {
    load_as<double>(e.dtype(0), e.input(0).raw(), begin, count, x.data());
    for (int64_t i = 0; i < count; ++i, at += step) {
      double value = divide(x[i], scale[at]);
      if (to_integer) value = std::nearbyint(value);
      if (zero_point && zero_point[at] != 0) value += zero_point[at];
      x[i] = !to_integer ? value : !(value > limits.low) ? limits.low : std::min(value, limits.high);
    }
    store_from<double>(to, y->mutable_raw(), begin, count, x.data(), options);
  });
  return {};
}

}  // namespace

extern const Op op_quantize_linear;
const Op op_quantize_linear{.name = "QuantizeLinear",
                            .since = {10, 13, 19, 21, 23, 24, 25},
                            .types = TypeSet{DType::bfloat16, DType::float16, DType::float32, DType::int32},
                            .inputs = {2, 3},
                            .infer = infer,
                            .evaluate = evaluate};

}  // namespace nacre
