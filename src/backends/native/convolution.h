// What the kernels of convolutions and pools share: a node's windows, groups and epilogue, read once per plan.
#pragma once

#include "backends/native/activation.h"
#include "backends/native/kernel.h"

namespace nacre::native {

/// A convolution (Conv, nacre.Conv) of one or two spatial axes; one axis is a row of height 1.
struct ConvSpec {
  Window window;
  int64_t groups = 1, channels_in = 0, channels_out = 0;  // channels per group
  ActivationSpec activation;
  bool residual_after = false;
};

/// fp32, of one or two spatial axes.
bool is_conv(const NodeView& node);
/// Fails where weights, bias and residual do not fit. The node's shapes are known.
Result<ConvSpec> read_conv(const NodeView& node);

/// Windows, groups and channels alone; input `weights` holds the weights.
Result<ConvSpec> read_conv_windows(const NodeView& node, size_t weights);

struct PoolSpec {
  Window window;
  Pooling pooling = Pooling::max;
};
bool is_pool(const NodeView& node);
Result<PoolSpec> read_pool(const NodeView& node);
/// MaxPool's kernels pass over NaN and give -inf for windows of nothing else: those become NaN. `y` is rows [row_begin, row_end) of
/// an image or plane of `channels`, `x` all of its input.
void restore_nan(const Window& window, const float* x, float* y, int64_t channels, int64_t row_begin, int64_t row_end);

}  // namespace nacre::native
