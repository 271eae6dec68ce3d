// GridSample: reads an image at the positions a grid gives, -1 and 1 being its borders (or the corner pixels' centres).
// https://onnx.ai/onnx/operators/onnx__GridSample.html
#include <algorithm>
#include <cmath>

#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

enum class Padding : uint8_t { zeros, border, reflection };
enum class Kernel : uint8_t { nearest, linear, cubic };

struct Method {
  Kernel kernel = Kernel::linear;
  Padding padding = Padding::zeros;
  bool align_corners = false;
};

Result<Method> method_of(const Attributes& attributes) {
  const std::string mode = attributes.string("mode", "linear"), padding = attributes.string("padding_mode", "zeros");
  Method out;
  out.align_corners = attributes.integer("align_corners", 0) != 0;
  if (mode == "nearest" || mode == "cubic")
    out.kernel = mode == "cubic" ? Kernel::cubic : Kernel::nearest;
  else if (mode != "linear")
    return fail(ErrorCode::invalid_model, "mode '", mode, "' is none of nearest, linear, cubic");
  if (padding == "border" || padding == "reflection")
    out.padding = padding == "border" ? Padding::border : Padding::reflection;
  else if (padding != "zeros")
    return fail(ErrorCode::invalid_model, "padding_mode '", padding, "' is none of zeros, border, reflection");
  return out;
}

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *grid = inference.shape(1);
  if (!x || !grid)
    return inference.set(0, inference.dtype(0), x ? std::optional(inference.fresh_shape(x->size())) : std::nullopt), Result<void>();
  if (x->size() < 3 || grid->size() != x->size()) return fail(ErrorCode::invalid_argument, "grid ", *grid, " does not fit input ", *x);
  SymShape out{(*x)[0], (*x)[1]};
  out.insert(out.end(), grid->begin() + 1, grid->end() - 1);
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

// Mirrors `at` into [low, high].
double reflect(double at, double low, double high) {
  const double range = high - low;
  if (!(range > 0)) return low;
  const double distance = at < low ? low - at : at > high ? at - high : 0;
  if (distance == 0) return at;
  const double folds = std::floor(distance / range), rest = distance - folds * range;
  const bool from_low = (at < low) == (std::fmod(folds, 2) == 0);
  return from_low ? low + rest : high - rest;
}

struct Tap {
  int64_t offset;
  double weight;
};

// The elements of one axis that a position weighs; those outside are dropped or moved inside.
struct AxisTaps {
  Tap taps[4];
  int count = 0;

  void add(const Method& method, double at, double weight, int64_t length, int64_t stride) {
    const double last = static_cast<double>(length - 1);
    if (method.padding == Padding::reflection) at = method.align_corners ? reflect(at, 0, last) : std::trunc(reflect(at, -0.5, last + 0.5));
    if (method.padding != Padding::zeros) at = std::clamp(at, 0.0, last);
    if (at >= 0 && at <= last) taps[count++] = {static_cast<int64_t>(at) * stride, weight};
  }
};

double cubic_weight(double x) {
  constexpr double a = -0.75;
  x = std::abs(x);
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

AxisTaps taps_at(const Method& method, double grid, int64_t length, int64_t stride) {
  AxisTaps out;
  const double size = static_cast<double>(length), last = size - 1;
  double at = static_cast<float>(method.align_corners ? (grid + 1) / 2 * last : ((grid + 1) * size - 1) / 2);
  if (!std::isfinite(at)) return out;
  if (method.kernel == Kernel::nearest) at = std::nearbyint(at);
  if (method.padding == Padding::border) at = std::clamp(at, 0.0, last);
  if (method.padding == Padding::reflection) at = method.align_corners ? reflect(at, 0, last) : reflect(at, -0.5, last + 0.5);
  if (method.kernel == Kernel::nearest) return out.add(method, std::trunc(at), 1, length, stride), out;
  const double before = std::floor(at), ratio = at - before;
  const int reach = method.kernel == Kernel::cubic ? 2 : 1;
  for (int i = 1 - reach; i <= reach; ++i)
    out.add(method, before + i, reach == 2 ? cubic_weight(i - ratio) : 1 - std::abs(i - ratio), length, stride);
  return out;
}

/// `step` elements of T make one of the image.
template <class T>
double weigh(const T* x, std::span<const AxisTaps> axes, int64_t step) {
  const AxisTaps& axis = axes[0];
  double sum = 0;
  for (int i = 0; i < axis.count; ++i) {
    const T* at = x + axis.taps[i].offset * step;
    sum += axis.taps[i].weight * (axes.size() == 1 ? static_cast<double>(*at) : weigh(at, axes.subspan(1), step));
  }
  return sum;
}

// The one element that `nearest` takes; none outside.
const std::string* nearest(std::span<const std::string> plane, std::span<const AxisTaps> axes) {
  int64_t offset = 0;
  for (const AxisTaps& axis : axes) {
    if (axis.count == 0) return nullptr;
    offset += axis.taps[0].offset;
  }
  return &plane[static_cast<size_t>(offset)];
}

/// take(plane, point, taps) for every plane of the images and every point of their grids.
template <class Take>
Result<void> sample(Evaluation& e, const Method& method, int64_t outputs, Take take) {
  const Shape& in = e.shape(0);
  const size_t axes = in.size() - 2;
  const Shape image(in.begin() + 2, in.end());
  const std::vector<int64_t> strides = row_major_strides(image);
  std::vector<double> scratch;
  const double* grid = elements_as<double>(e.input(1), scratch);
  const int64_t points = outputs / (in[0] * in[1]);
  std::vector<AxisTaps> taps(axes);
  for (int64_t batch = 0; batch < in[0]; ++batch) {
    NACRE_TRY(e.checkpoint());
    for (int64_t point = 0; point < points; ++point, grid += axes) {
      // The grid's last dimension runs from the innermost axis outwards.
      for (size_t d = 0; d < axes; ++d) taps[d] = taps_at(method, grid[axes - 1 - d], image[d], strides[d]);
      for (int64_t channel = 0; channel < in[1]; ++channel) {
        const int64_t plane = batch * in[1] + channel;
        take(plane, plane * points + point, std::span<const AxisTaps>(taps));
      }
    }
  }
  return {};
}

Result<void> sample_strings(Evaluation& e, const Method& method, Tensor& y) {
  if (method.kernel != Kernel::nearest) return fail(ErrorCode::invalid_argument, "strings have no weighted sum: mode must be nearest");
  const std::span<const std::string> x = e.input(0).data<std::string>();
  const std::span<std::string> out = y.mutable_data<std::string>();
  const size_t plane = x.size() / static_cast<size_t>(e.shape(0)[0] * e.shape(0)[1]);
  return sample(e, method, y.size(), [&](int64_t which, int64_t to, std::span<const AxisTaps> taps) {
    const std::string* found = nearest(x.subspan(static_cast<size_t>(which) * plane, plane), taps);
    out[static_cast<size_t>(to)] = found ? *found : "";
  });
}

Result<void> sample_numbers(Evaluation& e, const Method& method, Tensor& y) {
  // A complex number is two floats side by side.
  const bool complex = complex_types.has(y.dtype());
  const DType part = y.dtype() == DType::complex64 ? DType::float32 : complex ? DType::float64 : y.dtype();
  const int64_t parts = complex ? 2 : 1, plane = e.input(0).size() / (e.shape(0)[0] * e.shape(0)[1]);
  return visit_compute(part, [&]<class T>() -> Result<void> {
    std::vector<T> scratch(complex ? static_cast<size_t>(e.input(0).size() * parts) : 0);
    if (complex) load_as<T>(part, e.input(0).raw(), 0, static_cast<int64_t>(scratch.size()), scratch.data());
    const T* x = complex ? scratch.data() : elements_as<T>(e.input(0), scratch);
    return sample(e, method, y.size(), [&](int64_t which, int64_t to, std::span<const AxisTaps> taps) {
      for (int64_t i = 0; i < parts; ++i) {
        const double value = weigh(x + which * plane * parts + i, taps, parts);
        store_from<double>(part, y.mutable_raw(), to * parts + i, 1, &value);
      }
    });
  });
}

Result<void> evaluate(Evaluation& e) {
  const Method method = NACRE_TRY(method_of(e.attributes()));
  const Shape &x = e.shape(0), &grid = e.shape(1);
  if (x.size() < 3 || grid.size() != x.size() || grid[0] != x[0] || grid.back() != static_cast<int64_t>(x.size()) - 2)
    return fail(ErrorCode::invalid_argument, "grid ", grid, " does not fit input ", x);
  Shape shape{x[0], x[1]};
  shape.insert(shape.end(), grid.begin() + 1, grid.end() - 1);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (y->size() == 0) return {};
  if (e.input(0).size() == 0) return fail(ErrorCode::invalid_argument, "cannot sample an empty image ", x);
  return y->dtype() == DType::string ? sample_strings(e, method, *y) : sample_numbers(e, method, *y);
}

// Before opset 20 the modes were named for two dimensions.
Result<void> upgrade(Upgrade& u) {
  const std::string mode = u.node.attributes.string("mode", "");
  if (mode == "bilinear") u.node.attributes.set("mode", std::string("linear"));
  if (mode == "bicubic") u.node.attributes.set("mode", std::string("cubic"));
  return {};
}

}  // namespace

extern const Op op_grid_sample;
const Op op_grid_sample{.name = "GridSample",
                        .since = {16, 20, 22},
                        .types = numeric_types | complex_types | TypeSet{DType::boolean, DType::string},
                        .inputs = {2, 2},
                        .infer = infer,
                        .evaluate = evaluate,
                        .upgrade = upgrade};

}  // namespace nacre
