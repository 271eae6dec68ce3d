// SoftmaxCrossEntropyLoss: the negative log-likelihood of the log-softmax of the scores over axis 1.
// https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
#include "ops/class_loss.h"
#include "ops/softmax.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  NACRE_TRY(infer_loss(inference));
  Fact log_prob = inference.input(0);
  inference.set(1, std::move(log_prob));
  return {};
}

// In place over [outer, classes, inner].
void log_softmax(double* x, const ClassShape& shape) {
  for (int64_t row = 0; row < shape.outer; ++row)
    for (int64_t column = 0; column < shape.inner; ++column) {
      double* line = x + row * shape.classes * shape.inner + column;
      const int64_t end = shape.classes * shape.inner;
      const double top = largest(line, shape.classes, shape.inner);
      double sum = 0;
      for (int64_t i = 0; i < end; i += shape.inner) sum += std::exp(line[i] - top);
      for (int64_t i = 0; i < end; i += shape.inner) line[i] -= top + std::log(sum);
    }
}

Result<void> evaluate(Evaluation& e) {
  const ClassShape shape = NACRE_TRY(ClassShape::of(e));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, e.shape(0)));
  double* log_prob = static_cast<double*>(wide.mutable_raw());
  load_as<double>(e.dtype(0), e.input(0).raw(), 0, wide.size(), log_prob);
  log_softmax(log_prob, shape);
  if (e.has_output(1)) {
    Tensor* y = NACRE_TRY(e.output(1, e.shape(0)));
    store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), log_prob);
  }
  return class_loss(e, log_prob);
}

}  // namespace

extern const Op op_softmax_cross_entropy_loss;
const Op op_softmax_cross_entropy_loss{.name = "SoftmaxCrossEntropyLoss",
                                       .since = {12, 13},
                                       .types = float_types,
                                       .inputs = {2, 3},
                                       .outputs = {1, 2},
                                       .infer = infer,
                                       .evaluate = evaluate};

}  // namespace nacre
