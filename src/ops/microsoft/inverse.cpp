// Inverse: the inverses of the matrices in the last two axes, by Gauss-Jordan elimination with row pivots.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* x = inference.shape(0);
  if (x && (x->size() < 2 || (*x)[x->size() - 1].differs((*x)[x->size() - 2])))
    return fail(ErrorCode::invalid_argument, "cannot invert matrices of shape ", *x);
  return same_as_input(inference);
}

// `a` becomes the identity and `out` its inverse.
bool invert(int64_t n, double* a, double* out) {
  std::fill_n(out, n * n, 0.0);
  for (int64_t i = 0; i < n; ++i) out[i * n + i] = 1;
  for (int64_t column = 0; column < n; ++column) {
    int64_t pivot = column;
    for (int64_t row = column + 1; row < n; ++row)
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    const double by = a[pivot * n + column];
    if (by == 0 || !std::isfinite(by)) return false;
    for (double* m : {a, out}) {
      std::swap_ranges(m + pivot * n, m + pivot * n + n, m + column * n);
      for (int64_t k = 0; k < n; ++k) m[column * n + k] /= by;
    }
    for (int64_t row = 0; row < n; ++row) {
      const double factor = a[row * n + column];
      if (row == column || factor == 0) continue;
      for (double* m : {a, out})
        for (int64_t k = 0; k < n; ++k) m[row * n + k] -= factor * m[column * n + k];
    }
  }
  return true;
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  if (shape.size() < 2 || shape.back() != shape[shape.size() - 2])
    return fail(ErrorCode::invalid_argument, "cannot invert matrices of shape ", shape);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (y->size() == 0) return {};
  const int64_t n = shape.back();
  Tensor work = NACRE_TRY(e.scratch(DType::float64, {2, n, n}));
  double *a = static_cast<double*>(work.mutable_raw()), *out = a + n * n;
  for (int64_t at = 0; at < y->size(); at += n * n) {
    NACRE_TRY(e.checkpoint());
    load_as<double>(e.dtype(0), e.input(0).raw(), at, n * n, a);
    if (!invert(n, a, out)) return fail(ErrorCode::invalid_argument, "matrix ", at / (n * n), " of ", describe(e.input(0)), " is singular");
    store_from<double>(y->dtype(), y->mutable_raw(), at, n * n, out);
  }
  return {};
}

}  // namespace

extern const Op op_microsoft_inverse;
const Op op_microsoft_inverse{
    .name = "Inverse", .domain = "com.microsoft", .since = {1}, .types = float_types, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
