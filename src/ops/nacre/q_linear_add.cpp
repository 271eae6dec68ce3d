// nacre.QLinearAdd: y = quantize(dequantize(a) + dequantize(b)), broadcasting. Inputs come as value, scale, zero point; then y's scale and
// zero point, which gives the dtype.
#include "ops/elementwise.h"
#include "ops/nacre/codes.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const auto &a = inference.input(0).shape, &b = inference.input(3).shape;
  inference.set(0, inference.dtype(7), a && b ? std::optional(NACRE_TRY(broadcast(*a, *b))) : std::nullopt);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const float a_scale = NACRE_TRY(scale_of(e, 1)), b_scale = NACRE_TRY(scale_of(e, 4)), y_scale = NACRE_TRY(scale_of(e, 6));
  const int32_t a_zero = NACRE_TRY(zero_of(e, 2)), b_zero = NACRE_TRY(zero_of(e, 5)), y_zero = NACRE_TRY(zero_of(e, 7));
  const Shape shape = NACRE_TRY(broadcast(e.shape(0), e.shape(3)));
  Tensor* y = NACRE_TRY(e.output(0, e.dtype(7), shape));
  std::vector<float> a, b, codes(static_cast<size_t>(y->size()));
  const float *x = elements_as<float>(e.input(0), a), *z = elements_as<float>(e.input(3), b);
  const Shape* shapes[] = {&e.shape(0), &e.shape(3)};
  const float a_unit = a_scale / y_scale, b_unit = b_scale / y_scale;
  zip_elements(x, z, codes.data(), BroadcastWalk(shape, shapes), [&](float p, float q) {
    const float value = (p - static_cast<float>(a_zero)) * a_unit + (q - static_cast<float>(b_zero)) * b_unit;
    return static_cast<float>(nearest_code(value, y_zero, y->dtype()));
  });
  store_from<float>(y->dtype(), y->mutable_raw(), 0, y->size(), codes.data());
  return {};
}

}  // namespace

extern const Op op_nacre_q_linear_add;
const Op op_nacre_q_linear_add{.name = "QLinearAdd",
                               .domain = "nacre",
                               .since = {1},
                               .types = kCodes,
                               .inputs = {8, 8},
                               .infer = infer,
                               .evaluate = evaluate,
                               .kind = OpKind::elementwise,
                               .may_alias = 0b1001};

}  // namespace nacre
