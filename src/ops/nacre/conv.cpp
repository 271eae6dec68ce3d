// nacre.Conv: y = activation(conv(x, w) + bias + residual), or activation(conv(x, w) + bias) + residual when
// `residual_after` is 1. Attributes are Conv's and those of ops/nacre/activation.h; the residual is shaped like y.
#include "ops/nacre/activation.h"
#include "ops/op.h"

namespace nacre {
namespace {

const Op& conv() {
  static const Op& op = *find_op("", "Conv");
  return op;
}

Result<void> infer(Inference& inference) {
  for (size_t i = 1; i < inference.input_count(); ++i)
    if (inference.has(i) && inference.dtype(i) != inference.dtype(0))
      return fail(ErrorCode::invalid_argument, "input ", i, " is ", inference.dtype(i), ", the first ", inference.dtype(0));
  return conv().infer(inference);
}

// Conv's own evaluation, then the rest in place.
Result<void> evaluate(Evaluation& e) {
  NACRE_TRY(conv().evaluate(e));
  const FusedActivation activation = fused_activation(e.attributes());
  const bool after = e.attributes().integer("residual_after", 0);
  Tensor& y = e.made(0);
  if (e.has(3) && e.shape(3) != y.shape())
    return fail(ErrorCode::invalid_argument, "residual ", describe(e.input(3)), " for ", describe(y));
  const float* residual = e.has(3) ? e.input(3).data<float>().data() : nullptr;
  std::span<float> out = y.mutable_data<float>();
  for (size_t i = 0; i < out.size(); ++i) {
    const double sum = double(out[i]) + (residual && !after ? residual[i] : 0);
    out[i] = float(activate(activation, sum) + (residual && after ? residual[i] : 0));
  }
  return {};
}

double cost(const NodeView& n) { return conv().cost ? conv().cost(n) : 0; }

}  // namespace

extern const Op op_nacre_conv;
const Op op_nacre_conv{.name = "Conv",
                       .domain = "nacre",
                       .since = {1},
                       .types = {DType::float32},
                       .inputs = {2, 4},
                       .infer = infer,
                       .evaluate = evaluate,
                       .kind = OpKind::convolution,
                       .cost = cost};

}  // namespace nacre
