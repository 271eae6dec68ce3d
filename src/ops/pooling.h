// Pools over windows: walks blocks of windows, plane by plane.
#pragma once

#include "ops/windows.h"

namespace nacre {

struct Pool {
  WindowGrid grid;
  int64_t planes;  // n * c
  Shape shape;     // of the result
};
Result<Pool> plan_pool(const Evaluation& e);

/// Calls block(first, count, offsets) so that every window is seen once; see WindowGrid::offsets.
template <class Block>
Result<void> for_blocks(Evaluation& e, const WindowGrid& grid, Block block) {
  const int64_t taps = grid.windows.taps(), width = std::min(grid.block(taps), grid.outputs);
  Tensor table = NACRE_TRY(e.scratch(DType::int64, {taps, width}));
  int64_t* offsets = static_cast<int64_t*>(table.mutable_raw());
  for (int64_t first = 0; first < grid.outputs; first += width) {
    const int64_t count = std::min(width, grid.outputs - first);
    NACRE_TRY(e.checkpoint());
    grid.offsets(first, count, offsets);
    block(first, count, offsets);
  }
  return {};
}

/// y[plane, window] = finish(sum of term(x) over the taps in the input, window), computed in double.
template <class Term, class Finish>
Result<void> sum_pool(Evaluation& e, const Pool& pool, Tensor& y, Term term, Finish finish) {
  const int64_t taps = pool.grid.windows.taps();
  std::vector<double> scratch;
  const double* x = elements_as<double>(e.input(0), scratch);
  return for_blocks(e, pool.grid, [&](int64_t first, int64_t count, const int64_t* offsets) {
    std::vector<double> sums(static_cast<size_t>(count));
    for (int64_t plane = 0; plane < pool.planes; ++plane) {
      const double* in = x + plane * pool.grid.inputs;
      sums.assign(sums.size(), 0);
      for (int64_t at = 0; at < taps * count; at += count)
        for (int64_t i = 0; i < count; ++i)
          if (offsets[at + i] >= 0) sums[i] += term(in[offsets[at + i]]);
      for (int64_t i = 0; i < count; ++i) sums[i] = finish(sums[i], first + i);
      store_from<double>(y.dtype(), y.mutable_raw(), plane * pool.grid.outputs + first, count, sums.data());
    }
  });
}

/// [n, c, 1, ...] for global pools.
Result<void> infer_global_pool(Inference& inference);
/// y[n, c] = reduce(row of doubles) over everything behind the first two axes.
Result<void> global_pool(Evaluation& e, double (*reduce)(std::span<const double> plane, const Attributes& attributes));
/// Opset 1 wrote LpPool's and GlobalLpPool's p as a float.
Result<void> upgrade_float_p(Upgrade& upgrade);

}  // namespace nacre
