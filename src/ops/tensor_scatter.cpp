// TensorScatter: writes `update` into a copy of a cache, from write_indices[batch] on along an axis, wrapping if circular.
// https://onnx.ai/onnx/operators/onnx__TensorScatter.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Tensor &cache = e.input(0), &update = e.input(1);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", -2), cache.rank(), "axis"));
  const std::string mode = e.attributes().string("mode", "linear");
  if (mode != "linear" && mode != "circular") return fail(ErrorCode::invalid_model, "mode '", mode, "' is neither linear nor circular");
  Shape around = update.shape();
  if (around.size() == cache.shape().size() && around[axis] <= cache.shape()[axis]) around[axis] = cache.shape()[axis];
  if (axis == 0 || around != cache.shape() || update.dtype() != cache.dtype())
    return fail(ErrorCode::invalid_argument, "update ", describe(update), " does not fit cache ", describe(cache), " along axis ", axis);
  const std::vector<int64_t> begins = e.has(2) ? NACRE_TRY(e.integers(2)) : std::vector<int64_t>(static_cast<size_t>(cache.shape()[0]), 0);
  if (static_cast<int64_t>(begins.size()) != cache.shape()[0])
    return fail(ErrorCode::invalid_argument, begins.size(), " write indices for a batch of ", cache.shape()[0]);
  const AxisView to(cache.shape(), axis), from(update.shape(), axis);
  for (int64_t begin : begins)
    if (begin < 0 || begin > to.length || (mode == "linear" && begin + from.length > to.length))
      return fail(ErrorCode::invalid_argument, "write index ", begin, " with ", from.length, " entries leaves a cache of ", to.length);
  Tensor* y = NACRE_TRY(e.output(0, cache.shape()));
  copy_elements(cache, 0, *y, 0, cache.size());
  if (update.size() == 0) return {};
  const int64_t per_batch = to.outer / cache.shape()[0];
  for (int64_t outer = 0; outer < to.outer; ++outer)
    for (int64_t step = 0; step < from.length; ++step) {
      const int64_t at = (begins[outer / per_batch] + step) % to.length;
      copy_elements(update, (outer * from.length + step) * from.inner, *y, (outer * to.length + at) * to.inner, to.inner);
    }
  return {};
}

}  // namespace

extern const Op op_tensor_scatter;
const Op op_tensor_scatter{
    .name = "TensorScatter", .since = {24}, .inputs = {2, 3}, .infer = same_as_input, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
