// MaxRoiPool: the largest pixel of each bin of a region, whose corners are rounded to pixels (Fast R-CNN).
// https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html
#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<Shape> pooled_shape(const Attributes& attributes) {
  Shape out = attributes.integers("pooled_shape");
  if (out.size() != 2 || out[0] < 1 || out[1] < 1) return fail(ErrorCode::invalid_model, "pooled_shape is ", out);
  return out;
}

Result<void> infer(Inference& inference) {
  const Shape pooled = NACRE_TRY(pooled_shape(inference.attributes()));
  const SymShape *x = inference.shape(0), *rois = inference.shape(1);
  inference.set(0, inference.dtype(0),
                SymShape{rois && !rois->empty() ? (*rois)[0] : inference.fresh(), x && x->size() == 4 ? (*x)[1] : inference.fresh(),
                         pooled[0], pooled[1]});
  return {};
}

struct Bin {
  int64_t begin, end;
};

// Bin `i` of `count` over pixels [first, last], cut to the image.
Bin bin(double first, double last, int64_t i, int64_t count, int64_t length) {
  const double size = std::max(last - first + 1, 1.0) / static_cast<double>(count), limit = static_cast<double>(length);
  const auto at = [&](double x) { return static_cast<int64_t>(std::clamp(x == x ? x : 0.0, 0.0, limit)); };
  return {at(std::floor(static_cast<double>(i) * size) + first), at(std::ceil(static_cast<double>(i + 1) * size) + first)};
}

template <class T>
double largest(const T* image, Bin rows, Bin columns, int64_t width) {
  if (rows.begin >= rows.end || columns.begin >= columns.end) return 0;
  T best = image[rows.begin * width + columns.begin];
  for (int64_t row = rows.begin; row < rows.end; ++row)
    for (int64_t column = columns.begin; column < columns.end; ++column) best = std::max(best, image[row * width + column]);
  return static_cast<double>(best);
}

Result<void> evaluate(Evaluation& e) {
  const Shape pooled = NACRE_TRY(pooled_shape(e.attributes())), x = e.shape(0), rois = e.shape(1);
  if (x.size() != 4 || rois.size() != 2 || rois[1] != 5)
    return fail(ErrorCode::invalid_argument, "regions ", rois, " do not fit input ", x);
  Tensor* y = NACRE_TRY(e.output(0, {rois[0], x[1], pooled[0], pooled[1]}));
  const double scale = e.attributes().real("spatial_scale", 1);
  std::vector<double> scratch;
  const double* regions = elements_as<double>(e.input(1), scratch);
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    std::vector<T> copy;
    const T* images = elements_as<T>(e.input(0), copy);
    int64_t to = 0;
    for (int64_t n = 0; n < rois[0]; ++n) {
      NACRE_TRY(e.checkpoint());
      const double* roi = regions + n * 5;
      if (!(roi[0] >= 0 && roi[0] < static_cast<double>(x[0])))
        return fail(ErrorCode::invalid_argument, "batch index ", roi[0], " is outside [0, ", x[0], ")");
      double corner[4];
      for (int k = 0; k < 4; ++k) corner[k] = std::round(roi[k + 1] * scale);
      for (int64_t plane = static_cast<int64_t>(roi[0]) * x[1], end = plane + x[1]; plane < end; ++plane)
        for (int64_t i = 0; i < pooled[0]; ++i)
          for (int64_t j = 0; j < pooled[1]; ++j) {
            const double value = largest(images + plane * x[2] * x[3], bin(corner[1], corner[3], i, pooled[0], x[2]),
                                         bin(corner[0], corner[2], j, pooled[1], x[3]), x[3]);
            store_from<double>(y->dtype(), y->mutable_raw(), to++, 1, &value);
          }
    }
    return {};
  });
}

}  // namespace

extern const Op op_max_roi_pool;
const Op op_max_roi_pool{
    .name = "MaxRoiPool", .since = {1, 22}, .types = float_types, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
