// CropAndResize: boxes of images, [y1, x1, y2, x2] as parts of the image, each resized to one size; corners fall on corners.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<bool> is_nearest(const Attributes& attributes) {
  const std::string mode = attributes.string("mode", "bilinear");
  if (mode == "nearest" || mode == "bilinear") return mode == "nearest";
  return fail(ErrorCode::invalid_model, "mode '", mode, "' is none of bilinear, nearest");
}

Result<void> infer(Inference& inference) {
  if (auto nearest = is_nearest(inference.attributes()); !nearest) return std::unexpected(nearest.error());
  const SymShape *x = inference.shape(0), *boxes = inference.shape(1);
  const auto size = inference.values(3);
  if ((x && x->size() != 4) || (boxes && (boxes->size() != 2 || (*boxes)[1].differs(4))) || (size && size->size() != 2))
    return fail(ErrorCode::invalid_argument, "images ", inference.input(0).text(), ", boxes ", inference.input(1).text(), " and size ",
                inference.input(3).text(), ": expected [N, C, H, W], [count, 4] and [2]");
  SymShape y = inference.fresh_shape(4);
  if (boxes) y[0] = (*boxes)[0];
  if (x) y[1] = (*x)[1];
  if (size) y[2] = (*size)[0], y[3] = (*size)[1];
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

// Where output position `i` of `count` lies between the ends of a box on an axis of `length`. In float: what is nearest
// hangs on the rounding.
double position(double first, double last, int64_t length, int64_t count, int64_t i) {
  const auto begin = static_cast<float>(first), end = static_cast<float>(last), most = static_cast<float>(length - 1);
  if (count == 1) return 0.5f * (begin + end) * most;
  const float step = (end - begin) * most / static_cast<float>(count - 1);
  return begin * most + static_cast<float>(i) * step;
}

double sample(const double* image, int64_t width, double y, double x, bool nearest) {
  if (nearest) return image[static_cast<int64_t>(std::round(y)) * width + static_cast<int64_t>(std::round(x))];
  const auto top = static_cast<int64_t>(std::floor(y)), left = static_cast<int64_t>(std::floor(x)),
             bottom = static_cast<int64_t>(std::ceil(y)), right = static_cast<int64_t>(std::ceil(x));
  const double dy = y - static_cast<double>(top), dx = x - static_cast<double>(left);
  const auto row = [&](int64_t at) { return image[at * width + left] + (image[at * width + right] - image[at * width + left]) * dx; };
  return row(top) + (row(bottom) - row(top)) * dy;
}

Result<void> evaluate(Evaluation& e) {
  const bool nearest = NACRE_TRY(is_nearest(e.attributes()));
  const Shape &x = e.shape(0), &boxes = e.shape(1);
  const std::vector<int64_t> images = NACRE_TRY(e.integers(2)), size = NACRE_TRY(e.integers(3));
  if (x.size() != 4 || boxes.size() != 2 || boxes[1] != 4 || static_cast<int64_t>(images.size()) != boxes[0] || size.size() != 2 ||
      size[0] < 1 || size[1] < 1)
    return fail(ErrorCode::invalid_argument, "images ", x, ", boxes ", boxes, ", ", images.size(), " indices and size ", size);
  for (int64_t image : images)
    if (image < 0 || image >= x[0]) return fail(ErrorCode::invalid_argument, "image ", image, " of ", x[0]);
  Tensor* out = NACRE_TRY(e.output(0, {boxes[0], x[1], size[0], size[1]}));
  std::vector<double> pixels, corners;
  const double *in = elements_as<double>(e.input(0), pixels), *box = elements_as<double>(e.input(1), corners);
  const double outside = e.attributes().real("extrapolation_value", 0);
  int64_t at = 0;
  for (int64_t row = 0; row < boxes[0] * x[1] * size[0]; ++row) {
    NACRE_TRY(e.checkpoint());
    const int64_t n = row / (x[1] * size[0]), channel = row / size[0] % x[1];
    const double* b = box + n * 4;
    const double* image = in + (images[n] * x[1] + channel) * x[2] * x[3];
    const double y = position(b[0], b[2], x[2], size[0], row % size[0]);
    for (int64_t column = 0; column < size[1]; ++column, ++at) {
      const double where = position(b[1], b[3], x[3], size[1], column);
      const bool inside = y >= 0 && y <= static_cast<double>(x[2] - 1) && where >= 0 && where <= static_cast<double>(x[3] - 1);
      const double value = inside ? sample(image, x[3], y, where, nearest) : outside;
      store_from<double>(out->dtype(), out->mutable_raw(), at, 1, &value);
    }
  }
  return {};
}

}  // namespace

extern const Op op_microsoft_crop_and_resize;
const Op op_microsoft_crop_and_resize{.name = "CropAndResize",
                                      .domain = "com.microsoft",
                                      .since = {1},
                                      .types = float_types,
                                      .inputs = {4, 4},
                                      .infer = infer,
                                      .evaluate = evaluate};

}  // namespace nacre
