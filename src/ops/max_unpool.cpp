// MaxUnpool: puts each element back where MaxPool's Indices found it; the rest is 0.
// https://onnx.ai/onnx/operators/onnx__MaxUnpool.html
#include <cstring>

#include "ops/movement.h"
#include "ops/windows.h"

namespace nacre {
namespace {

// The size MaxPool must have had: the indices count in this shape, also where output_shape asks for a larger one.
Result<SymShape> unpooled(const Attributes& attributes, const SymShape& x) {
  if (x.size() < 3) return fail(ErrorCode::invalid_argument, "takes [n, c, ...] with a spatial axis, not ", x);
  const Windows windows = NACRE_TRY(read_windows(attributes, x.size() - 2, {}));
  SymShape out{x[0], x[1]};
  for (size_t axis = 0; axis < windows.rank(); ++axis)
    out.push_back((x[axis + 2] - SymDim(1)) * SymDim(windows.strides[axis]) +
                  SymDim(windows.kernel[axis] - windows.pads[axis] - windows.pads[windows.rank() + axis]));
  return out;
}

Result<void> infer(Inference& inference) {
  const SymShape* x = inference.shape(0);
  inference.set(0, inference.dtype(0));
  if (!x) return {};
  SymShape y = NACRE_TRY(unpooled(inference.attributes(), *x));
  if (inference.has(2))
    y = inference.values(2) && inference.values(2)->size() == x->size() ? *inference.values(2) : inference.fresh_shape(x->size());
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor &x = e.input(0), &where = e.input(1);
  if (where.shape() != x.shape() || where.dtype() != DType::int64)
    return fail(ErrorCode::invalid_argument, "indices ", describe(where), " for ", describe(x), ": expected int64 of the same shape");
  const std::optional<Shape> inner = constant_shape(NACRE_TRY(unpooled(e.attributes(), symbolic(x.shape()))));
  if (!inner) return fail(ErrorCode::resource_exhausted, "the output's size overflows 64 bits");
  const Shape outer = e.has(2) ? NACRE_TRY(e.integers(2)) : *inner;
  const int64_t count = NACRE_TRY(checked_count(*inner));
  if (outer.size() != inner->size())
    return fail(ErrorCode::invalid_argument, "output_shape ", outer, " for an input of rank ", inner->size());
  Tensor* y = NACRE_TRY(e.output(0, outer));
  std::memset(y->mutable_raw(), 0, y->byte_size());
  const std::vector<int64_t> steps = row_major_strides(outer);
  const std::span<const int64_t> indices = where.data<int64_t>();
  std::vector<int64_t> places(indices.begin(), indices.end());
  for (size_t i = 0; i < places.size(); ++i) {
    int64_t rest = indices[i], at = 0;
    if (rest < 0 || rest >= count) return fail(ErrorCode::invalid_argument, "index ", rest, " is outside [0, ", count, ") of ", *inner);
    for (size_t d = outer == *inner ? 0 : outer.size(); d-- > 0; rest /= (*inner)[d]) {
      const int64_t position = rest % (*inner)[d];
      if (position >= outer[d])
        return fail(ErrorCode::invalid_argument, "index ", indices[i], " of ", *inner, " lies outside output_shape ", outer);
      at += position * steps[d];
    }
    if (outer != *inner) places[i] = at;
  }
  scatter_elements(x, places, *y);
  return {};
}

}  // namespace

extern const Op op_max_unpool;
const Op op_max_unpool{.name = "MaxUnpool",
                       .since = {9, 11, 22},
                       .types = float_types,
                       .inputs = {2, 3},
                       .infer = infer,
                       .evaluate = evaluate,
                       .kind = OpKind::pooling};

}  // namespace nacre
