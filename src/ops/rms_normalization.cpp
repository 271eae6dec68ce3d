// RMSNormalization: y = x / sqrt(mean(x^2) + epsilon) * scale, over the axes from `axis` on.
// https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
#include "ops/normalisation.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  if (const SymShape* x = inference.shape(0))
    (void)NACRE_TRY(inference.axis(inference.attributes().integer("axis", -1), static_cast<int64_t>(x->size())));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", -1), e.input(0).rank(), "axis"));
  const double epsilon = e.attributes().real("epsilon", 1e-5f);
  const int64_t width = NACRE_TRY(checked_count(std::span(shape).subspan(axis)));
  const RowParameter scale = NACRE_TRY(row_parameter(e, 1, shape, axis));
  Tensor* y = NACRE_TRY(e.output(0, shape));
  return map_rows(e, e.input(0), *y, width, [&](int64_t row, std::span<double> x) {
    double squares = 0;
    for (double value : x) squares += value * value;
    const double inverse = 1 / std::sqrt(squares / static_cast<double>(width) + epsilon);
    for (int64_t i = 0; i < width; ++i) x[i] *= inverse * scale.at(row, i);
  });
}

}  // namespace

extern const Op op_rms_normalization;
const Op op_rms_normalization{.name = "RMSNormalization",
                              .since = {23},
                              .types = float_types,
                              .inputs = {2, 2},
                              .infer = infer,
                              .evaluate = evaluate,
                              .kind = OpKind::normalisation};

}  // namespace nacre
