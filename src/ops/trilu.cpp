// Trilu: the upper or lower triangle of each matrix, zeros elsewhere; k moves the diagonal to the right.
// https://onnx.ai/onnx/operators/onnx__Trilu.html
#include <algorithm>
#include <cstring>

#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (shape && shape->size() < 2) return fail(ErrorCode::invalid_argument, "input ", *shape, " is no matrix");
  return same_as_input(inference);
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  if (x.rank() < 2) return fail(ErrorCode::invalid_argument, "input ", describe(x), " is no matrix");
  const bool upper = e.attributes().integer("upper", 1) != 0;
  const int64_t rows = x.shape()[x.rank() - 2], columns = x.shape()[x.rank() - 1];
  // Beyond the matrix all shifts are alike; clamping keeps row + k inside 64 bits.
  const int64_t k = std::clamp(e.has(1) ? NACRE_TRY(e.integer(1)) : 0, -rows - 1, columns + 1);
  Tensor* y = NACRE_TRY(e.output(0, x.shape()));
  if (y->size() == 0) return {};
  if (x.dtype() != DType::string) std::memset(y->mutable_raw(), 0, y->byte_size());
  for (int64_t line = 0; line < x.size() / columns; ++line) {
    const int64_t diagonal = std::clamp<int64_t>(line % rows + k + (upper ? 0 : 1), 0, columns);
    const int64_t begin = upper ? diagonal : 0, end = upper ? columns : diagonal;
    copy_elements(x, line * columns + begin, *y, line * columns + begin, end - begin);
  }
  return {};
}

}  // namespace

extern const Op op_trilu;
const Op op_trilu{.name = "Trilu", .since = {14}, .inputs = {1, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
