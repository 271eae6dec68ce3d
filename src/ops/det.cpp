// Det: the determinant of the innermost matrices, by elimination with row pivots.
// https://onnx.ai/onnx/operators/onnx__Det.html
#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  const size_t rank = shape->size();
  if (rank < 2 || (*shape)[rank - 1].differs((*shape)[rank - 2]))
    return fail(ErrorCode::invalid_argument, "takes square matrices, given ", *shape);
  inference.set(0, inference.dtype(0), SymShape(shape->begin(), shape->end() - 2));
  return {};
}

double determinant(double* a, int64_t n) {
  double out = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t row = k + 1; row < n; ++row)
      if (std::abs(a[row * n + k]) > std::abs(a[pivot * n + k])) pivot = row;
    if (a[pivot * n + k] == 0) return 0;
    if (pivot != k) std::swap_ranges(a + k * n, a + (k + 1) * n, a + pivot * n), out = -out;
    out *= a[k * n + k];
    for (int64_t row = k + 1; row < n; ++row) {
      const double factor = a[row * n + k] / a[k * n + k];
      for (int64_t column = k + 1; column < n; ++column) a[row * n + column] -= factor * a[k * n + column];
    }
  }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const size_t rank = shape.size();
  if (rank < 2 || shape[rank - 1] != shape[rank - 2])
    return fail(ErrorCode::invalid_argument, "takes square matrices, given ", describe(e.input(0)));
  const int64_t n = shape[rank - 1];
  Tensor* y = NACRE_TRY(e.output(0, Shape(shape.begin(), shape.end() - 2)));
  std::vector<double> matrix(static_cast<size_t>(n * n));
  for (int64_t i = 0; i < y->size(); ++i) {
    NACRE_TRY(e.checkpoint());
    load_as<double>(e.dtype(0), e.input(0).raw(), i * n * n, n * n, matrix.data());
    const double value = determinant(matrix.data(), n);
    store_from<double>(y->dtype(), y->mutable_raw(), i, 1, &value);
  }
  return {};
}

double cost(const NodeView& n) {
  const auto& shape = n.fact(0).shape;
  const std::optional<int64_t> size = shape && !shape->empty() ? shape->back().constant() : std::nullopt;
  const std::optional<int64_t> elements = shape ? product(*shape).constant() : std::nullopt;
  return size && elements ? 2.0 / 3 * static_cast<double>(*size) * static_cast<double>(*elements) : 0;
}

}  // namespace

extern const Op op_det;
const Op op_det{.name = "Det", .since = {11, 22}, .types = float_types, .infer = infer, .evaluate = evaluate, .cost = cost};

}  // namespace nacre
