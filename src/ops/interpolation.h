// Shared by Resize and what becomes it: where output positions lie in the input, and which neighbours they weigh.
#pragma once

#include "ops/op.h"

namespace nacre {

enum class Coordinates : uint8_t {
  half_pixel,
  half_pixel_symmetric,
  pytorch_half_pixel,
  align_corners,
  asymmetric,
  tf_half_pixel_for_nn,
  tf_crop_and_resize
};
enum class Rounding : uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };
enum class Kernel : uint8_t { nearest, linear, cubic };

struct Interpolation {
  Kernel kernel = Kernel::nearest;
  Coordinates coordinates = Coordinates::half_pixel;
  Rounding rounding = Rounding::round_prefer_floor;
  bool antialias = false, exclude_outside = false;
  double cubic_a = -0.75, extrapolation = 0;
  bool nearest() const { return kernel == Kernel::nearest; }
};

/// Reads Resize's attributes.
Result<Interpolation> interpolation(const Attributes& attributes);

/// `x` with `axis` resized to `length` elements. `x` is float32 or float64, or of any dtype for the nearest neighbour.
Result<Tensor> interpolate(Evaluation& e, const Interpolation& method, const Tensor& x, int64_t axis, int64_t length, double scale,
                           double begin, double end);

/// What each position of a resized axis reads: `taps` elements, at indices from index[position * taps] on, weighed. Without a
/// region of interest.
struct AxisTable {
  int64_t taps = 1;
  std::vector<int64_t> index;
  std::vector<float> weights;
};
AxisTable axis_table(const Interpolation& method, int64_t from, int64_t to, double scale);

/// Copies, rounding to nearest even and saturating where `y` holds integers and `x` does not.
Result<void> round_into(const Tensor& x, Tensor& y);

}  // namespace nacre
