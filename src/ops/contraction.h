// Products of matrices for the reference operators: floats are summed in double, integers modulo 2^64.
#pragma once

#include "ops/op.h"

namespace nacre {

/// A matrix read through two steps, so that a transposed one needs no copy.
template <class T>
struct MatrixView {
  const T* data;
  int64_t row_step, column_step;
};

/// sums[row, column] = sum over k of a[row, k] * b[k, column]; rows of `b` and `sums` lie their steps apart.
void contract(MatrixView<float> a, const float* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, double* sums,
              int64_t sums_row_step);
void contract(MatrixView<double> a, const double* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, double* sums,
              int64_t sums_row_step);
void contract(MatrixView<uint64_t> a, const uint64_t* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, uint64_t* sums,
              int64_t sums_row_step);

/// out[column, row] = in[row, column].
template <class T>
void transpose_matrix(const T* in, int64_t rows, int64_t columns, T* out) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) out[column * rows + row] = in[row * columns + column];
}

/// NumPy's matmul: a 1-D operand gets an axis that is dropped again, leading axes broadcast.
Result<SymShape> matmul_shape(const SymShape& a, const SymShape& b);
/// Output 0 of inputs `a` and `b` with dtype `dtype`.
Result<void> infer_matmul(Inference& inference, size_t a, size_t b, DType dtype);
/// Two for each multiply-add; `b` is the position of the second operand.
double matmul_cost(const NodeView& node, size_t b);

/// The same product of elements as `y[out]`, `out` being matmul_shape.
template <class T, class Sum>
Result<void> multiply(Evaluation& e, const T* a, const Shape& a_shape, const T* b, const Shape& b_shape, Sum* y);

/// Calls `f` with <element, sum> types for `dtype`: <float, double>, <double, double> or <uint64_t, uint64_t>.
template <class F>
Result<void> visit_contraction(DType dtype, F&& f) {
  if (dtype == DType::float64) return f.template operator()<double, double>();
  if (is_integer(dtype)) return f.template operator()<uint64_t, uint64_t>();
  return f.template operator()<float, double>();
}

}  // namespace nacre
