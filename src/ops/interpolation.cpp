#include "ops/interpolation.h"

#include <algorithm>
#include <cmath>

#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

template <class E, size_t n>
Result<E> parse(const Attributes& attributes, std::string_view name, const std::string_view (&names)[n], std::string_view otherwise) {
  const std::string text = attributes.string(name, otherwise);
  for (size_t i = 0; i < n; ++i)
    if (names[i] == text) return static_cast<E>(i);
  return fail(ErrorCode::invalid_model, name, " '", text, "' does not exist");
}

constexpr std::string_view kKernels[] = {"nearest", "linear", "cubic"};
constexpr std::string_view kRoundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
constexpr std::string_view kCoordinates[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                             "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};

struct Mapping {
  Coordinates mode;
  double in, out, scale, begin, end;  // `out` is what the caller gets, rounded; in * scale is not

  double source(double x) const {
    const double real_out = scale * in;
    switch (mode) {
      case Coordinates::half_pixel: return (x + 0.5) / scale - 0.5;
      case Coordinates::half_pixel_symmetric: return in / 2 * (1 - out / real_out) + (x + 0.5) / scale - 0.5;
      case Coordinates::pytorch_half_pixel: return real_out == 1 ? -0.5 : (x + 0.5) / scale - 0.5;
      case Coordinates::align_corners: return real_out == 1 ? 0 : x * (in - 1) / (real_out - 1);
      case Coordinates::asymmetric: return x / scale;
      case Coordinates::tf_half_pixel_for_nn: return (x + 0.5) / scale;
      case Coordinates::tf_crop_and_resize:
        return begin * (in - 1) + (real_out == 1 ? (end - begin) * (in - 1) / 2 : x * (end - begin) * (in - 1) / (real_out - 1));
    }
    return 0;
  }
  bool outside(double at) const { return mode == Coordinates::tf_crop_and_resize && !(at >= 0 && at <= in - 1); }
};

int64_t clamp_index(double at, int64_t length) {
  return static_cast<int64_t>(std::clamp(at == at ? at : 0.0, 0.0, static_cast<double>(length - 1)));
}

int64_t nearest_index(Rounding rounding, double at, int64_t length) {
  switch (rounding) {
    case Rounding::round_prefer_floor: return clamp_index(std::ceil(at - 0.5), length);
    case Rounding::round_prefer_ceil: return clamp_index(std::floor(at + 0.5), length);
    case Rounding::floor: return clamp_index(std::floor(at), length);
    case Rounding::ceil: return clamp_index(std::ceil(at), length);
  }
  return 0;
}

// Keys' cubic convolution with parameter a, at distance x.
double cubic_weight(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Taps reach one (linear) or two (cubic) elements to each side; downsampling with antialias stretches that.
struct Taps {
  int64_t first, count;  // relative to the element at or before the position
  double stretch;
};

Taps taps_of(const Interpolation& method, double scale) {
  const double reach = method.kernel == Kernel::cubic ? 2 : 1;
  const double stretch = method.antialias ? std::min(scale, 1.0) : 1;
  const auto first = static_cast<int64_t>(std::floor(-reach / stretch)) + 1;
  return {first, 2 - 2 * first, stretch};
}

// Weights of one output position; a position on an element counts as just after the one before.
void fill_weights(const Interpolation& method, const Taps& taps, double at, int64_t length, double* weights, int64_t& base) {
  const double before = std::ceil(at) - 1, ratio = at - before;
  base = static_cast<int64_t>(before) + taps.first;
  double sum = 0;
  for (int64_t i = 0; i < taps.count; ++i) {
    const double distance = (static_cast<double>(taps.first + i) - ratio) * taps.stretch;
    weights[i] = method.kernel == Kernel::cubic ? cubic_weight(distance, method.cubic_a) : std::max(1 - std::abs(distance), 0.0);
    if (method.exclude_outside && (base + i < 0 || base + i >= length)) weights[i] = 0;
    sum += weights[i];
  }
  if ((method.antialias || method.exclude_outside) && sum != 0)
    for (int64_t i = 0; i < taps.count; ++i) weights[i] /= sum;
}

Result<void> nearest_axis(const Interpolation& method, const Mapping& map, const Tensor& x, int64_t axis, Tensor& y) {
  const AxisView from(x.shape(), axis), to(y.shape(), axis);
  Tensor filler(x.dtype(), {});
  store_from<double>(x.dtype(), filler.mutable_raw(), 0, 1, &method.extrapolation);
  std::vector<int64_t> places(static_cast<size_t>(to.length));  // -1: outside
  for (int64_t i = 0; i < to.length; ++i) {
    const double at = map.source(static_cast<double>(i));
    places[static_cast<size_t>(i)] = map.outside(at) ? -1 : nearest_index(method.rounding, at, from.length);
  }
  const bool inside = std::find(places.begin(), places.end(), -1) == places.end();
  for (int64_t outer = 0; outer < to.outer; ++outer) {
    if (inside && to.inner == 1) {
      gather_elements(x, outer * from.length, places, y, outer * to.length);
      continue;
    }
    for (int64_t i = 0; i < to.length; ++i) {
      const int64_t target = (outer * to.length + i) * to.inner, place = places[static_cast<size_t>(i)];
      for (int64_t k = 0; place < 0 && k < to.inner; ++k) copy_elements(filler, 0, y, target + k, 1);
      if (place >= 0) copy_elements(x, (outer * from.length + place) * from.inner, y, target, to.inner);
    }
  }
  return {};
}

/// What each position of an axis weighs: `count` elements, from `index`, clamped to the axis. One that is extrapolated has none.
template <class T>
struct WeighedAxis {
  AxisView from, to;
  int64_t count;
  std::span<const int64_t> index;
  std::span<const T> weights;
  T extrapolation;
};

template <int Count, class T>
void weigh_points(const WeighedAxis<T>& axis, const T* in, T* out) {
  const int64_t count = Count ? Count : axis.count;
  const int64_t* index = axis.index.data();
  const T* weights = axis.weights.data();
  for (int64_t i = 0; i < axis.to.length; ++i, index += count, weights += count) {
    T sum = index[0] < 0 ? axis.extrapolation : T(0);
    for (int64_t tap = 0; index[0] >= 0 && tap < count; ++tap) sum += weights[tap] * in[index[tap]];
    out[i] = sum;
  }
}

template <class T>
void weigh_lines(const WeighedAxis<T>& axis, const T* in, T* out) {
  const int64_t inner = axis.to.inner;
  for (int64_t i = 0; i < axis.to.length; ++i, out += inner) {
    const int64_t* index = &axis.index[static_cast<size_t>(i * axis.count)];
    const T* weights = &axis.weights[static_cast<size_t>(i * axis.count)];
    if (index[0] >= 0 && axis.count == 2) {
      const T *a = in + index[0] * inner, *b = in + index[1] * inner, first = weights[0], second = weights[1];
      for (int64_t k = 0; k < inner; ++k) out[k] = T(0) + first * a[k] + second * b[k];
      continue;
    }
    std::fill_n(out, inner, index[0] < 0 ? axis.extrapolation : T(0));
    for (int64_t tap = 0; tap < axis.count && index[0] >= 0; ++tap)
      for (int64_t k = 0; k < inner; ++k) out[k] += weights[tap] * in[index[tap] * inner + k];
  }
}

template <class T>
Result<void> weigh_axis(Evaluation& e, const Interpolation& method, const Mapping& map, const Tensor& x, int64_t axis, Tensor& y) {
  const AxisView from(x.shape(), axis), to(y.shape(), axis);
  const Taps taps = taps_of(method, map.scale);
  Tensor places = NACRE_TRY(e.scratch(DType::int64, {to.length, taps.count})),
         shares = NACRE_TRY(e.scratch(dtype_of<T>, {to.length, taps.count}));
  const std::span<int64_t> index = places.mutable_data<int64_t>();
  const std::span<T> weights = shares.mutable_data<T>();
  std::vector<double> exact(static_cast<size_t>(taps.count));
  for (int64_t i = 0; i < to.length; ++i) {
    const double at = map.source(static_cast<double>(i));
    int64_t base = 0;
    if (!map.outside(at)) fill_weights(method, taps, std::clamp(at == at ? at : 0.0, -1e15, 1e15), from.length, exact.data(), base);
    for (int64_t tap = 0; tap < taps.count; ++tap) {
      index[i * taps.count + tap] = map.outside(at) ? -1 : std::clamp<int64_t>(base + tap, 0, from.length - 1);
      weights[i * taps.count + tap] = static_cast<T>(exact[tap]);
    }
  }
  const WeighedAxis<T> weighed{from, to, taps.count, index, weights, static_cast<T>(method.extrapolation)};
  void (*kernel)(const WeighedAxis<T>&, const T*, T*) = taps.count == 2 ? &weigh_points<2, T> : &weigh_points<0, T>;
  if (to.inner > 1) kernel = &weigh_lines<T>;
  T* out = static_cast<T*>(y.mutable_raw());
  for (int64_t outer = 0; outer < to.outer; ++outer, out += to.length * to.inner) {
    if (outer % 64 == 0) NACRE_TRY(e.checkpoint());
    kernel(weighed, static_cast<const T*>(x.raw()) + outer * from.length * from.inner, out);
  }
  return {};
}

}  // namespace

Result<Interpolation> interpolation(const Attributes& attributes) {
  Interpolation out;
  out.kernel = NACRE_TRY(parse<Kernel>(attributes, "mode", kKernels, "nearest"));
  out.coordinates = NACRE_TRY(parse<Coordinates>(attributes, "coordinate_transformation_mode", kCoordinates, "half_pixel"));
  out.rounding = NACRE_TRY(parse<Rounding>(attributes, "nearest_mode", kRoundings, "round_prefer_floor"));
  out.antialias = attributes.integer("antialias", 0) != 0;
  out.exclude_outside = attributes.integer("exclude_outside", 0) != 0;
  out.cubic_a = attributes.real("cubic_coeff_a", -0.75f);
  out.extrapolation = attributes.real("extrapolation_value", 0);
  return out;
}

AxisTable axis_table(const Interpolation& method, int64_t from, int64_t to, double scale) {
  const Mapping map{method.coordinates, static_cast<double>(from), static_cast<double>(to), scale, 0, 1};
  const bool same = from == to && std::abs(scale - 1) < 1e-9, single = same || method.nearest();
  const Taps taps = taps_of(method, scale);
  AxisTable out{single ? 1 : taps.count, {}, {}};
  std::vector<double> weights(static_cast<size_t>(taps.count), 1);
  for (int64_t i = 0; i < to; ++i) {
    const double at = map.source(static_cast<double>(i));
    int64_t base = same ? i : 0;
    if (!same && method.nearest()) base = nearest_index(method.rounding, at, from);
    if (!single) fill_weights(method, taps, std::clamp(at == at ? at : 0.0, -1e15, 1e15), from, weights.data(), base);
    for (int64_t tap = 0; tap < out.taps; ++tap) {
      out.index.push_back(std::clamp<int64_t>(base + tap, 0, from - 1));
      out.weights.push_back(static_cast<float>(weights[static_cast<size_t>(tap)]));
    }
  }
  return out;
}

Result<Tensor> interpolate(Evaluation& e, const Interpolation& method, const Tensor& x, int64_t axis, int64_t length, double scale,
                           double begin, double end) {
  Shape shape = x.shape();
  const Mapping map{method.coordinates, static_cast<double>(shape[axis]), static_cast<double>(length), scale, begin, end};
  shape[axis] = length;
  Tensor y = NACRE_TRY(e.scratch(x.dtype(), shape));
  if (method.nearest())
    NACRE_TRY(nearest_axis(method, map, x, axis, y));
  else if (x.dtype() == DType::float64)
    NACRE_TRY(weigh_axis<double>(e, method, map, x, axis, y));
  else
    NACRE_TRY(weigh_axis<float>(e, method, map, x, axis, y));
  return y;
}

Result<void> round_into(const Tensor& x, Tensor& y) {
  if (x.dtype() == y.dtype()) return copy_elements(x, 0, y, 0, y.size()), Result<void>();
  if (!is_integer(y.dtype())) return convert(x, y);
  const int bits = static_cast<int>(bits_of(y.dtype())) - is_signed(y.dtype());
  const double high = std::min(std::ldexp(1.0, bits) - (bits > 52 ? 1024 : 1), 9.2e18);
  const double low = is_signed(y.dtype()) ? -std::ldexp(1.0, bits) : 0, *values = x.data<double>().data();
  double block[256];
  for (int64_t begin = 0, count; begin < y.size(); begin += count, values += count) {
    count = std::min<int64_t>(256, y.size() - begin);
    for (int64_t i = 0; i < count; ++i) block[i] = std::clamp(std::nearbyint(values[i] == values[i] ? values[i] : 0), low, high);
    store_from<double>(y.dtype(), y.mutable_raw(), begin, count, block);
  }
  return {};
}

}  // namespace nacre
