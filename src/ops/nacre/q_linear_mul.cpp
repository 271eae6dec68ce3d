// nacre.QLinearMul: y = quantize(dequantize(a) * dequantize(b)).
#include "ops/nacre/combine_codes.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return combine_codes(e, [](float a_scale, float b_scale, float y_scale) {
    const float unit = a_scale * b_scale / y_scale;
    return [=](float a, float b) { return a * b * unit; };
  });
}

}  // namespace

extern const Op op_nacre_q_linear_mul;
const Op op_nacre_q_linear_mul{.name = "QLinearMul",
                               .domain = "nacre",
                               .since = {1},
                               .types = kCodes,
                               .inputs = {8, 8},
                               .infer = infer_combined_codes,
                               .evaluate = evaluate,
                               .kind = OpKind::elementwise,
                               .may_alias = 0b1001};

}  // namespace nacre
