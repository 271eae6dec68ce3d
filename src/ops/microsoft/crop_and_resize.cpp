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

/// The two elements of an axis that a position lies between.
struct Place {
  bool inside;
  int64_t low = 0, high = 0;
  double share = 0;
};

Place place(double at, int64_t length, bool nearest) {
  Place out{at >= 0 && at <= static_cast<double>(length - 1)};
  if (!out.inside) return out;
  out.low = static_cast<int64_t>(nearest ? std::round(at) : std::floor(at));
  out.high = nearest ? out.low : static_cast<int64_t>(std::ceil(at));
  out.share = at - static_cast<double>(out.low);
  return out;
}

double sample(const double* image, int64_t width, const Place& y, const Place& x, bool nearest) {
  if (nearest) return image[y.low * width + x.low];
  const auto row = [&](int64_t at) {
    return image[at * width + x.low] + (image[at * width + x.high] - image[at * width + x.low]) * x.share;
  };
  const double top = row(y.low);
  return top + (row(y.high) - top) * y.share;
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
  std::vector<Place> across;
  std::vector<double> line(static_cast<size_t>(out->size() > 0 ? size[1] : 0));
  for (int64_t row = 0; row < boxes[0] * x[1] * size[0]; ++row) {
    NACRE_TRY(e.checkpoint());
    const int64_t n = row / (x[1] * size[0]), channel = row / size[0] % x[1];
    const double* b = box + n * 4;
    const double* image = in + (images[n] * x[1] + channel) * x[2] * x[3];
    const Place down = place(position(b[0], b[2], x[2], size[0], row % size[0]), x[2], nearest);
    if (row % (x[1] * size[0]) == 0) {
      across.clear();
      for (int64_t column = 0; column < size[1]; ++column)
        across.push_back(place(position(b[1], b[3], x[3], size[1], column), x[3], nearest));
    }
    for (size_t column = 0; column < line.size(); ++column)
      line[column] = down.inside && across[column].inside ? sample(image, x[3], down, across[column], nearest) : outside;
    store_from<double>(out->dtype(), out->mutable_raw(), row * size[1], size[1], line.data());
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
