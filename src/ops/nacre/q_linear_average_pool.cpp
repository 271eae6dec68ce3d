// nacre.QLinearAveragePool: y = quantize(AveragePool(dequantize(x))), of x's dtype. Inputs: x, its scale and zero point, y's scale and
// zero point. Sums are whole numbers, multiplied once by x_scale / (y_scale * count).
#include "ops/nacre/codes.h"
#include "ops/pooling.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Pool pool = NACRE_TRY(plan_pool(e));
  const WindowGrid& grid = pool.grid;
  const float x_scale = NACRE_TRY(scale_of(e, 1)), y_scale = NACRE_TRY(scale_of(e, 3));
  const int32_t x_zero = NACRE_TRY(zero_of(e, 2)), y_zero = NACRE_TRY(zero_of(e, 4));
  const bool with_padding = e.attributes().integer("count_include_pad", 0) != 0;
  Tensor* y = NACRE_TRY(e.output(0, pool.shape));
  std::vector<float> units(static_cast<size_t>(grid.outputs));
  NACRE_TRY(for_blocks(e, grid, [&](int64_t first, int64_t count, const int64_t* offsets) {
    for (int64_t i = 0; i < count; ++i) {
      int64_t inside = 0;
      for (int64_t tap = 0; tap < grid.windows.taps(); ++tap) inside += offsets[tap * count + i] >= 0;
      units[first + i] = x_scale / (y_scale * static_cast<float>(with_padding ? grid.padded_taps(first + i) : inside));
    }
  }));
  const auto finish = [&](double sum, int64_t window) { return nearest_code(static_cast<float>(sum) * units[window], y_zero, y->dtype()); };
  return sum_pool(e, pool, *y, [x_zero](double x) { return x - x_zero; }, finish);
}

}  // namespace

extern const Op op_nacre_q_linear_average_pool;
const Op op_nacre_q_linear_average_pool{.name = "QLinearAveragePool",
                                        .domain = "nacre",
                                        .since = {1},
                                        .types = kCodes,
                                        .inputs = {5, 5},
                                        .infer = infer_pool,
                                        .evaluate = evaluate,
                                        .kind = OpKind::pooling};

}  // namespace nacre
