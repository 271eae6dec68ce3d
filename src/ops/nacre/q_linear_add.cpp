// nacre.QLinearAdd: y = quantize(dequantize(a) + dequantize(b)).
#include "ops/nacre/combine_codes.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return combine_codes(e, [](float a_scale, float b_scale, float y_scale) {
    const float a_unit = a_scale / y_scale, b_unit = b_scale / y_scale;
    return [=](float a, float b) { return a * a_unit + b * b_unit; };
  });
}

}  // namespace

extern const Op op_nacre_q_linear_add;
const Op op_nacre_q_linear_add{.name = "QLinearAdd",
                               .domain = "nacre",
                               .since = {1},
                               .types = kCodes,
                               .inputs = {8, 8},
                               .infer = infer_combined_codes,
                               .evaluate = evaluate,
                               .kind = OpKind::elementwise,
                               .may_alias = 0b1001};

}  // namespace nacre
