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

/// What a block of points reads of a plane: point p the elements from starts[p] to starts[p + 1].
struct Points {
  std::vector<size_t> starts{0};
  std::vector<int64_t> offsets;
  std::vector<double> weights;

  void clear() { starts.resize(1), offsets.clear(), weights.clear(); }
  size_t count() const { return starts.size() - 1; }
  void add(std::span<const AxisTaps> axes) {
    expand(axes, 0, 1);
    starts.push_back(offsets.size());
  }

 private:
  void expand(std::span<const AxisTaps> axes, int64_t offset, double weight) {
    if (axes.empty()) return offsets.push_back(offset), weights.push_back(weight);
    for (int i = 0; i < axes[0].count; ++i) expand(axes.subspan(1), offset + axes[0].taps[i].offset, weight * axes[0].taps[i].weight);
  }
};

/// out[p] for a plane; `step` elements of T make one of the image.
template <class T>
void weigh(const Points& points, const T* x, int64_t step, double* out) {
  const size_t* starts = points.starts.data();
  const int64_t* offsets = points.offsets.data();
  const double* weights = points.weights.data();
  for (size_t p = 0, count = points.count(); p < count; ++p) {
    double sum = 0;
    for (size_t tap = starts[p], end = starts[p + 1]; tap < end; ++tap) sum += weights[tap] * static_cast<double>(x[offsets[tap] * step]);
    out[p] = sum;
  }
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

/// take(batch, point, taps) for every point of each image's grid.
template <class Take>
Result<void> sample(Evaluation& e, const Method& method, int64_t points, Take take) {
  const Shape& in = e.shape(0);
  const size_t axes = in.size() - 2;
  const Shape image(in.begin() + 2, in.end());
  const std::vector<int64_t> strides = row_major_strides(image);
  std::vector<double> scratch;
  const double* grid = elements_as<double>(e.input(1), scratch);
  std::vector<AxisTaps> taps(axes);
  for (int64_t batch = 0; batch < in[0]; ++batch) {
    NACRE_TRY(e.checkpoint());
    for (int64_t point = 0; point < points; ++point, grid += axes) {
      // The grid's last dimension runs from the innermost axis outwards.
      for (size_t d = 0; d < axes; ++d) taps[d] = taps_at(method, grid[axes - 1 - d], image[d], strides[d]);
      take(batch, point, std::span<const AxisTaps>(taps));
    }
  }
  return {};
}

Result<void> sample_strings(Evaluation& e, const Method& method, Tensor& y) {
  if (method.kernel != Kernel::nearest) return fail(ErrorCode::invalid_argument, "strings have no weighted sum: mode must be nearest");
  const std::span<const std::string> x = e.input(0).data<std::string>();
  const std::span<std::string> out = y.mutable_data<std::string>();
  const int64_t channels = e.shape(0)[1], planes = e.shape(0)[0] * channels, points = y.size() / planes;
  const size_t plane = x.size() / static_cast<size_t>(planes);
  return sample(e, method, points, [&](int64_t batch, int64_t point, std::span<const AxisTaps> taps) {
    for (int64_t which = batch * channels; which < (batch + 1) * channels; ++which) {
      const std::string* found = nearest(x.subspan(static_cast<size_t>(which) * plane, plane), taps);
      out[static_cast<size_t>(which * points + point)] = found ? *found : "";
    }
  });
}

Result<void> sample_numbers(Evaluation& e, const Method& method, Tensor& y) {
  // A complex number is two floats side by side.
  const bool complex = complex_types.has(y.dtype());
  const DType part = y.dtype() == DType::complex64 ? DType::float32 : complex ? DType::float64 : y.dtype();
  const int64_t parts = complex ? 2 : 1, channels = e.shape(0)[1], planes = e.shape(0)[0] * channels;
  const int64_t plane = e.input(0).size() / planes, points = y.size() / planes;
  return visit_compute(part, [&]<class T>() -> Result<void> {
    std::vector<T> scratch(complex ? static_cast<size_t>(e.input(0).size() * parts) : 0);
    if (complex) load_as<T>(part, e.input(0).raw(), 0, static_cast<int64_t>(scratch.size()), scratch.data());
    const T* x = complex ? scratch.data() : elements_as<T>(e.input(0), scratch);
    constexpr size_t kPoints = 256;
    double values[kPoints];
    Points block;
    return sample(e, method, points, [&](int64_t batch, int64_t point, std::span<const AxisTaps> taps) {
      block.add(taps);
      if (block.count() < kPoints && point + 1 < points) return;
      const int64_t count = static_cast<int64_t>(block.count()), first = point + 1 - count;
      for (int64_t which = batch * channels; which < (batch + 1) * channels; ++which)
        for (int64_t i = 0; i < parts; ++i) {
          weigh(block, x + which * plane * parts + i, parts, values);
          if (parts == 1) store_from<double>(part, y.mutable_raw(), which * points + first, count, values);
          for (int64_t p = 0; parts > 1 && p < count; ++p)
            store_from<double>(part, y.mutable_raw(), (which * points + first + p) * parts + i, 1, values + p);
        }
      block.clear();
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
