// Conv: y[n, m, p] = b[m] + sum over channels c and taps t of w[m, c, t] * x[n, c, p * stride + t * dilation - pad].
// https://onnx.ai/onnx/operators/onnx__Conv.html
#include "ops/convolution.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_convolution(inference, 0, 1, inference.dtype(0)); }

template <class T>
Result<void> run(Evaluation& e) {
  const Convolution c = NACRE_TRY(plan_convolution(e, 0, 1));
  NACRE_TRY(check_bias(e, 2, c.outputs));
  Tensor* y = NACRE_TRY(e.output(0, c.shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, c.shape));
  double* sums = static_cast<double*>(wide.mutable_raw());
  std::vector<T> x, w;
  NACRE_TRY(convolve(e, c, elements_as<T>(e.input(0), x), elements_as<T>(e.input(1), w), sums));
  NACRE_TRY(add_bias(e, 2, c.images, c.outputs, c.plane(), sums));
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), sums);
  return {};
}

Result<void> evaluate(Evaluation& e) { return e.dtype(0) == DType::float64 ? run<double>(e) : run<float>(e); }

}  // namespace

extern const Op op_conv;
const Op op_conv{.name = "Conv",
                 .since = {1, 11, 22},
                 .types = float_types,
                 .inputs = {2, 3},
                 .infer = infer,
                 .evaluate = evaluate,
                 .kind = OpKind::convolution,
                 .cost = [](const NodeView& node) { return convolution_cost(node, 1); }};

}  // namespace nacre
