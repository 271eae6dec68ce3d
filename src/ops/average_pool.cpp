// AveragePool: the mean of each window, over its elements in the input or (count_include_pad) in the padding too; of none it is NaN.
// https://onnx.ai/onnx/operators/onnx__AveragePool.html
#include "ops/pooling.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Pool pool = NACRE_TRY(plan_pool(e));
  const WindowGrid& grid = pool.grid;
  const bool with_padding = e.attributes().integer("count_include_pad", 0) != 0;
  Tensor* y = NACRE_TRY(e.output(0, pool.shape));
  Tensor table = NACRE_TRY(e.scratch(DType::float64, {grid.outputs}));
  double* counts = static_cast<double*>(table.mutable_raw());
  NACRE_TRY(for_blocks(e, grid, [&](int64_t first, int64_t count, const int64_t* offsets) {
    for (int64_t i = 0; i < count; ++i) {
      int64_t inside = 0;
      for (int64_t tap = 0; tap < grid.windows.taps(); ++tap) inside += offsets[tap * count + i] >= 0;
      counts[first + i] = static_cast<double>(with_padding ? grid.padded_taps(first + i) : inside);
    }
  }));
  return sum_pool(e, pool, *y, [](double x) { return x; }, [counts](double sum, int64_t window) { return sum / counts[window]; });
}

}  // namespace

extern const Op op_average_pool;
const Op op_average_pool{.name = "AveragePool",
                         .since = {1, 7, 10, 11, 19, 22},
                         .types = float_types,
                         .infer = infer_pool,
                         .evaluate = evaluate,
                         .kind = OpKind::pooling};

}  // namespace nacre
