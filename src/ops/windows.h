// Sliding windows: the attributes that convolutions and pools share, the shapes they give and where each tap reads.
#pragma once

#include "ops/op.h"

namespace nacre {

enum class AutoPad : uint8_t { none, same_upper, same_lower, valid };

/// kernel_shape, strides, dilations, pads, auto_pad and ceil_mode, checked; one entry for each spatial axis.
struct Windows {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> pads;  // begins, then ends, as written; auto_pad may overrule them
  AutoPad auto_pad = AutoPad::none;
  bool ceil_mode = false;

  size_t rank() const noexcept { return kernel.size(); }
  int64_t taps() const;
  /// Elements from a window's first to its last.
  int64_t extent(size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
  /// Number of windows along an axis of `input` elements.
  SymDim output(size_t axis, const SymDim& input) const;
  /// Padding before and after an axis of `input` elements.
  struct Pads {
    int64_t begin, end;
  };
  Pads pads_of(size_t axis, int64_t input) const;
};

/// `kernel` is the weights' own; empty: the attribute kernel_shape is required. Where both are there they must agree.
Result<Windows> read_windows(const Attributes& attributes, size_t rank, std::span<const int64_t> kernel);
/// The attribute `auto_pad`.
Result<AutoPad> read_auto_pad(const Attributes& attributes);

/// Shape [n, c, windows...] for an input [n, c, ...]; fails where no window fits. An axis without positions has the windows that its
/// padding makes: what is inferred of a symbol holds for 0, too.
Result<SymShape> windowed_shape(const Windows& windows, const SymShape& input, const SymDim& channels);

/// Windows laid over an input of known size.
struct WindowGrid {
  Windows windows;
  Shape input, output;              // spatial sizes
  std::vector<int64_t> begin, end;  // padding
  int64_t inputs = 1, outputs = 1;  // their products

  /// offsets[tap * count + i]: the element of one channel that tap `tap` of window `first + i` reads, -1 in the padding.
  void offsets(int64_t first, int64_t count, int64_t* offsets) const;
  /// How many taps of window `window` lie in the input or its padding (ceil_mode lets windows stick out of both).
  int64_t padded_taps(int64_t window) const;
  /// How many windows to do at once so that a block of `taps` rows stays in cache.
  int64_t block(int64_t rows) const;
};
Result<WindowGrid> lay_windows(Windows windows, const Shape& input);

/// pooling's: output 0 (and 1 as int64) of input 0.
Result<void> infer_pool(Inference& inference);

}  // namespace nacre
