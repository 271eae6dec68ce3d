// MaxPool: the largest element of each window, and where it was; NaN only where there is no number, as in onnx's reference. A window of
// padding alone, which other implementations refuse or leave to chance, is -inf (the least integer) at -1.
// https://onnx.ai/onnx/operators/onnx__MaxPool.html
#include <algorithm>
#include <limits>

#include "ops/pooling.h"

namespace nacre {
namespace {

// Offset in a row-major plane -> the same element in a column-major one.
int64_t column_major(int64_t offset, const Shape& plane) {
  int64_t out = 0;
  for (size_t axis = plane.size(); axis-- > 0; offset /= plane[axis]) {
    int64_t step = 1;
    for (size_t before = 0; before < axis; ++before) step *= plane[before];
    out += offset % plane[axis] * step;
  }
  return out;
}

template <class T>
void pool_plane(const T* in, const int64_t* offsets, int64_t taps, int64_t count, T least, T* best, int64_t* where) {
  for (int64_t i = 0; i < count; ++i) best[i] = least, where[i] = -1;
  for (int64_t tap = 0; tap < taps; ++tap, offsets += count)
    for (int64_t i = 0; i < count; ++i) {
      const int64_t offset = offsets[i];
      if (offset < 0) continue;
      const T value = in[offset];
      if (where[i] < 0 || value > best[i] || best[i] != best[i]) best[i] = value, where[i] = offset;
    }
}

/// The same where nobody asks for places, without a branch for each element. A window that saw none yet holds NaN.
template <class T>
void pool_values(const T* in, const int64_t* offsets, int64_t taps, int64_t count, T least, T* best) {
  std::fill_n(best, count, std::numeric_limits<T>::quiet_NaN());
  for (int64_t at = 0; at < taps * count; at += count)
    for (int64_t i = 0; i < count; ++i) {
      const bool inside = offsets[at + i] >= 0;
      const T value = in[inside ? offsets[at + i] : 0];
      best[i] = (inside & ((value > best[i]) | (best[i] != best[i]))) ? value : best[i];
    }
  for (int64_t i = 0; i < count; ++i) {
    bool saw = best[i] == best[i];
    for (int64_t at = 0; !saw && at < taps * count; at += count) saw = offsets[at + i] >= 0;
    if (!saw) best[i] = least;
  }
}

template <class T>
Result<void> run(Evaluation& e, const Pool& pool, Tensor& y, int64_t* indices) {
  const WindowGrid& grid = pool.grid;
  const bool columns = e.attributes().integer("storage_order", 0) != 0;
  const T least = e.dtype(0) == DType::int8 ? -128 : e.dtype(0) == DType::uint8 ? 0 : -std::numeric_limits<T>::infinity();
  std::vector<T> scratch;
  const T* x = elements_as<T>(e.input(0), scratch);
  // Offset in a plane -> what Indices says of it.
  const auto index = [&](int64_t plane, int64_t at) {
    return at < 0 ? -1 : plane * grid.inputs + (columns ? column_major(at, grid.input) : at);
  };
  return for_blocks(e, grid, [&](int64_t first, int64_t count, const int64_t* offsets) {
    std::vector<T> best(static_cast<size_t>(count));
    std::vector<int64_t> where(best.size());
    for (int64_t plane = 0; plane < pool.planes; ++plane) {
      if (indices || grid.inputs == 0)
        pool_plane(x + plane * grid.inputs, offsets, grid.windows.taps(), count, least, best.data(), where.data());
      else
        pool_values(x + plane * grid.inputs, offsets, grid.windows.taps(), count, least, best.data());
      store_from<T>(y.dtype(), y.mutable_raw(), plane * grid.outputs + first, count, best.data());
      for (int64_t i = 0; indices && i < count; ++i) indices[plane * grid.outputs + first + i] = index(plane, where[i]);
    }
  });
}

Result<void> evaluate(Evaluation& e) {
  const Pool pool = NACRE_TRY(plan_pool(e));
  Tensor* y = NACRE_TRY(e.output(0, pool.shape));
  Tensor* indices = e.has_output(1) ? NACRE_TRY(e.output(1, DType::int64, pool.shape)) : nullptr;
  int64_t* where = indices ? static_cast<int64_t*>(indices->mutable_raw()) : nullptr;
  return e.dtype(0) == DType::float64 ? run<double>(e, pool, *y, where) : run<float>(e, pool, *y, where);
}

}  // namespace

extern const Op op_max_pool;
const Op op_max_pool{.name = "MaxPool",
                     .since = {1, 8, 10, 11, 12, 22},
                     .types = float_types | TypeSet{DType::int8, DType::uint8},
                     .outputs = {1, 2},
                     .infer = infer_pool,
                     .evaluate = evaluate,
                     .kind = OpKind::pooling};

}  // namespace nacre
