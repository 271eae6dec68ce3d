// Pow: z = x ^ y in the type of x; the exponent may have another.
// https://onnx.ai/onnx/operators/onnx__Pow.html
#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

// By squaring, wrapping. A negative exponent gives what truncating the real result would: only 1 and -1 survive.
int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  int64_t out = 1;
  for (; exponent > 0; exponent >>= 1, base = wrapping_mul(base, base))
    if (exponent & 1) out = wrapping_mul(out, base);
  return out;
}

// Most exponents in models are 2, 0.5 or 3; squaring is exact and needs no library call.
template <class T>
T real_power(T base, T exponent) {
  return exponent == 2 ? base * base : std::pow(base, exponent);
}

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *y = inference.shape(1);
  std::optional<SymShape> out;
  if (x && y) out = NACRE_TRY(broadcast(*x, *y));
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

// One small exponent for all: a few products, without a branch for each element.
void integer_powers(const Tensor& x, int64_t exponent, Tensor& z) {
  map_elements<int64_t>(x, z, [=](int64_t base) {
    const int64_t square = wrapping_mul(base, base);
    return exponent == 2 ? square : wrapping_mul(square, base);
  });
}

Result<void> evaluate(Evaluation& e) {
  Tensor* z = NACRE_TRY(e.output(0, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  const Tensor &x = e.input(0), &y = e.input(1);
  if (is_integer(x.dtype()) && is_integer(y.dtype()) && y.size() == 1) {
    const int64_t exponent = NACRE_TRY(e.integer(1));
    if (exponent == 2 || exponent == 3) return integer_powers(x, exponent, *z), Result<void>();
  }
  if (is_integer(x.dtype()) && is_integer(y.dtype())) return zip_tensors<int64_t, int64_t>(x, y, *z, integer_power);
  if (is_float(x.dtype()) && x.dtype() != DType::float64 && (x.dtype() == y.dtype() || y.size() == 1))
    return zip_tensors<float, float>(x, y, *z, real_power<float>);
  return zip_tensors<double, double>(x, y, *z, real_power<double>);
}

}  // namespace

extern const Op op_pow;
const Op op_pow{.name = "Pow",
                .since = {1, 7, 12, 13, 15},
                .types = float_types | TypeSet{DType::int32, DType::int64},
                .inputs = {2, 2},
                .infer = infer,
                .evaluate = evaluate,
                .upgrade = upgrade_axis_broadcast,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
