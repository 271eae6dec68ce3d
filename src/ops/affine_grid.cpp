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
  const int64_t width = size.back(), lines = y->size() / size[0] / axes / width;
  std::vector<double> across(static_cast<size_t>(width)), moved(static_cast<size_t>(width * axes));
  for (int64_t i = 0; i < width; ++i) across[i] = position(i, width, align);
  for (int64_t line = 0; line < size[0] * lines; ++line) {
    const double* matrix = theta + line / lines * axes * (axes + 1);
    double at[3] = {0, 0, 0};  // x first: the innermost axis
    int64_t rest = line % lines;
    for (int64_t d = 1; d < axes; ++d) {
      const int64_t length = size[size.size() - 1 - d];
      at[d] = position(rest % length, length, align);
      rest /= length;
    }
    for (int64_t row = 0; row < axes; ++row, matrix += axes + 1) {
      double start = matrix[axes];
      for (int64_t d = 1; d < axes; ++d) start += matrix[d] * at[d];
      for (int64_t i = 0; i < width; ++i) moved[i * axes + row] = matrix[0] * across[i] + start;
    }
    store_from<double>(y->dtype(), y->mutable_raw(), line * width * axes, width * axes, moved.data());
  }
  return {};
}

}  // namespace

extern const Op op_affine_grid;
const Op op_affine_grid{.name = "AffineGrid", .since = {20}, .types = float_types, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
