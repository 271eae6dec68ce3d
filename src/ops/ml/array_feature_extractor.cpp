// ArrayFeatureExtractor: chosen columns of the last axis.
// https://onnx.ai/onnx/operators/onnx_aionnxml_ArrayFeatureExtractor.html
#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *by = inference.shape(1);
  if (!x || x->empty()) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out = *x;
  out.back() = by ? product(*by) : inference.fresh();
  if (out.size() == 1) out.insert(out.begin(), 1);
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  Shape shape = e.shape(0);
  if (shape.empty()) return fail(ErrorCode::invalid_argument, "cannot choose columns of a scalar");
  const int64_t columns = shape.back();
  const std::vector<int64_t> chosen = NACRE_TRY(e.integers(1));
  for (int64_t at : chosen)
    if (at < 0 || at >= columns) return fail(ErrorCode::invalid_argument, "column ", at, " is outside [0, ", columns, ")");
  shape.back() = static_cast<int64_t>(chosen.size());
  if (shape.size() == 1) shape.insert(shape.begin(), 1);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  for (int64_t to = 0, from = 0; to < y->size(); to += shape.back(), from += columns) gather_elements(e.input(0), from, chosen, *y, to);
  return {};
}

}  // namespace

extern const Op op_ml_array_feature_extractor;
const Op op_ml_array_feature_extractor{
    .name = "ArrayFeatureExtractor", .domain = "ai.onnx.ml", .since = {1}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
