// ScatterND: a copy of data in which each innermost tuple of `indices` names the element or slice that an update changes.
// https://onnx.ai/onnx/operators/onnx__ScatterND.html
#include "ops/indexing.h"
#include "ops/movement.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Tensor &data = e.input(0), &updates = e.input(2);
  const Tuples tuples = NACRE_TRY(checked_tuples(e, 0));
  Shape wanted(e.shape(1).begin(), e.shape(1).end() - 1);
  wanted.insert(wanted.end(), data.shape().begin() + e.shape(1).back(), data.shape().end());
  if (updates.shape() != wanted || updates.dtype() != data.dtype())
    return fail(ErrorCode::invalid_argument, "updates ", describe(updates), " where ", data.dtype(), wanted, " is needed");
  Tensor* y = NACRE_TRY(e.output(0, data.shape()));
  copy_elements(data, 0, *y, 0, data.size());
  return apply_updates(e.attributes().string("reduction", "none"), *y, updates, tuples.offsets, tuples.run);
}

}  // namespace

extern const Op op_scatter_nd;
const Op op_scatter_nd{.name = "ScatterND",
                       .since = {11, 13, 16, 18},
                       .inputs = {3, 3},
                       .infer = same_as_input,
                       .evaluate = evaluate,
                       .kind = OpKind::movement};

}  // namespace nacre
