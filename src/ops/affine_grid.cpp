// AffineGrid: the positions of an image's pixels, -1 to 1 along each axis, moved by one affine matrix per batch entry.
// https://onnx.ai/onnx/operators/onnx__AffineGrid.html
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const std::optional<SymShape> size = NACRE_TRY(spelt_shape(inference, 1));
  if (!size) return inference.set(0, inference.dtype(0)), Result<void>();
  if (size->size() != 4 && size->size() != 5) return fail(ErrorCode::invalid_argument, "size ", *size, " is neither NCHW nor NCDHW");
  SymShape out{(*size)[0]};
  out.insert(out.end(), size->begin() + 2, size->end());
  out.push_back(static_cast<int64_t>(size->size()) - 2);
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

double position(int64_t i, int64_t length, bool align_corners) {
  const double n = static_cast<double>(length);
  if (align_corners) return length == 1 ? -1 : -1 + 2.0 * static_cast<double>(i) / (n - 1);
  return -1 + (2.0 * static_cast<double>(i) + 1) / n;
}

Result<void> evaluate(Evaluation& e) {
  const std::vector<int64_t> size = NACRE_TRY(e.integers(1));
  const int64_t axes = static_cast<int64_t>(size.size()) - 2;
  if ((axes != 2 && axes != 3) || e.shape(0) != Shape{size[0], axes, axes + 1})
    return fail(ErrorCode::invalid_argument, "theta ", e.shape(0), " does not fit size ", size);
  Shape shape{size[0]};
  shape.insert(shape.end(), size.begin() + 2, size.end());
  shape.push_back(axes);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (y->size() == 0) return {};
  std::vector<double> scratch;
  const double* theta = elements_as<double>(e.input(0), scratch);
  const bool align = e.attributes().integer("align_corners", 0) != 0;
  const int64_t points = y->size() / size[0] / axes;
  for (int64_t i = 0; i < size[0] * points; ++i) {
    const double* matrix = theta + i / points * axes * (axes + 1);
    double at[4] = {0, 0, 0, 0}, moved[3];
    int64_t rest = i % points;
    for (int64_t d = 0; d < axes; ++d) {  // x first: the innermost axis
      const int64_t length = size[size.size() - 1 - d];
      at[d] = position(rest % length, length, align);
      rest /= length;
    }
    at[axes] = 1;
    for (int64_t row = 0; row < axes; ++row) {
      moved[row] = 0;
      for (int64_t k = 0; k <= axes; ++k) moved[row] += matrix[row * (axes + 1) + k] * at[k];
    }
    store_from<double>(y->dtype(), y->mutable_raw(), i * axes, axes, moved);
  }
  return {};
}

}  // namespace

extern const Op op_affine_grid;
const Op op_affine_grid{.name = "AffineGrid", .since = {20}, .types = float_types, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
