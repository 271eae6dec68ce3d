// Shared by the normalisations: rows of doubles, whatever the storage type.
#pragma once

#include <cmath>

#include "ops/op.h"

namespace nacre {

struct Moments {
  double mean, variance;
};
/// Mean and population variance.
Moments moments_of(std::span<const double> row);

/// All elements of input `i` as doubles; fails unless there are `count`.
Result<std::vector<double>> parameters(const Evaluation& e, size_t i, int64_t count);

/// Calls f(row, doubles) for each of x's rows of `width` elements and stores what it left there in `y`.
template <class F>
Result<void> map_rows(Evaluation& e, const Tensor& x, Tensor& y, int64_t width, F f) {
  if (x.size() == 0) return {};
  Tensor buffer = NACRE_TRY(e.scratch(DType::float64, {width}));
  double* row = static_cast<double*>(buffer.mutable_raw());
  for (int64_t at = 0; at < x.size(); at += width) {
    load_as<double>(x.dtype(), x.raw(), at, width, row);
    f(at / width, std::span<double>(row, static_cast<size_t>(width)));
    store_from<double>(y.dtype(), y.mutable_raw(), at, width, row);
  }
  return {};
}

/// A parameter that broadcasts to x, read by element offset of x: broadcast to x's trailing shape [axis..] when nothing
/// before varies, else to all of x. at(row, i) gives the value for element i of row `row`.
struct RowParameter {
  std::vector<double> values;
  int64_t row_step = 0;  // 0: the same for every row
  double at(int64_t row, int64_t i) const { return values[static_cast<size_t>(row * row_step + i)]; }
};
/// Input `i` for rows that start at `axis` of `x`; fails unless it broadcasts to x.
Result<RowParameter> row_parameter(const Evaluation& e, size_t i, const Shape& x, int64_t axis);

/// Fails unless `shape`, where known, is [channels].
Result<void> check_parameter(const Inference& inference, size_t i, const SymDim& channels);

}  // namespace nacre
