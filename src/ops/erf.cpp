// Erf: the error function, 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x.
// https://onnx.ai/onnx/operators/onnx__Erf.html
#include "ops/elementwise.h"

namespace nacre {
namespace {

double error_function(double x) { return std::erf(x); }

// Version 9 takes integers too: the fraction is cut, and in float 4 would give 1.
Result<void> evaluate(Evaluation& e) {
  if (!integer_types.has(e.dtype(0))) return unary_float<[](auto x) { return std::erf(x); }>(e);
  map_elements<double>(e.input(0), *NACRE_TRY(e.output(0, e.shape(0))), error_function);
  return {};
}

}  // namespace

extern const Op op_erf;
const Op op_erf{.name = "Erf",
                .since = {9, 13},
                .types = numeric_types,
                .infer = same_as_input,
                .evaluate = evaluate,
                .kind = OpKind::elementwise,
                .may_alias = 1};

}  // namespace nacre
