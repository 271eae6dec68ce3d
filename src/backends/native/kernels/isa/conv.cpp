// Convolution over NCHW planes as a matrix product: rows are output channels (weights as they lie), columns output positions.
// The patches of one block of positions and one block of depth are packed straight into panels, 256 KiB at most, and used while
// they are in the second-level cache; the whole im2col matrix never exists.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

using native::ConvArgs;
using native::Window;

namespace {

NACRE_INLINE int64_t positions_of(const Window& w) { return w.output[0] * w.output[1]; }
NACRE_INLINE int64_t taps_of(const Window& w) { return w.kernel[0] * w.kernel[1]; }

/// 1x1, stride 1, no padding: the input planes are the matrix.
NACRE_INLINE bool is_pointwise(const Window& w) {
  bool is_one = taps_of(w) == 1 && w.stride[0] == 1 && w.stride[1] == 1;
  return is_one && w.pad_begin[0] == 0 && w.pad_begin[1] == 0 && w.input[0] == w.output[0] && w.input[1] == w.output[1];
}

/// Lanes [first, last) of a vector that come from one input row: lane i reads plane[offset + i * stride].
struct Piece {
  int64_t first, last, offset;
  WindowMask low, high;  // stride 1: low; stride 2: the two vectors whose even lanes these are
};

/// What one vector of a panel reads for one tap of the kernel.
struct Pieces {
  Piece piece[kLanes];
  int count = 0;
};

/// Where a vector of output positions begins.
struct Start {
  int64_t row, column, lanes;
};

/// The output columns whose tap falls into the input row. Stride 0: any.
template <int Stride>
NACRE_INLINE void inside(const Window& w, int64_t shift, int64_t& begin, int64_t& end) {
  const int64_t stride = Stride ? Stride : w.stride[1];
  if (shift < 0) begin = max(begin, (-shift + stride - 1) / stride);
  end = shift < w.input[1] ? min(end, (w.input[1] - shift - 1) / stride + 1) : begin;
}

template <int Stride>
NACRE_INLINE Piece piece_of(int64_t first, int64_t last, int64_t offset) {
  if constexpr (Stride == 1) return {first, last, offset, window_mask(first, last), window_mask(0, 0)};
  if constexpr (Stride == 2) {
    int64_t begin = 2 * first, end = 2 * last - 1;
    return {first, last, offset, window_mask(min(begin, int64_t{kLanes}), min(end, int64_t{kLanes})),
            window_mask(max(begin - kLanes, int64_t{0}), max(end - kLanes, int64_t{0}))};
  }
  return {first, last, offset, window_mask(0, 0), window_mask(0, 0)};
}

template <int Stride>
NACRE_INLINE void find_pieces(const Window& w, int64_t tap_row, int64_t tap_column, Start at, Pieces& pieces) {
  pieces.count = 0;
  for (int64_t lane = 0; lane < at.lanes; ++at.row, at.column = 0) {
    int64_t run = min(w.output[1] - at.column, at.lanes - lane);
    int64_t input_row = at.row * w.stride[0] + tap_row;
    int64_t begin = at.column, end = at.column + run;
    inside<Stride>(w, tap_column, begin, end);
    if (input_row >= 0 && input_row < w.input[0] && begin < end) {
      int64_t offset = input_row * w.input[1] + (at.column - lane) * w.stride[1] + tap_column;
      pieces.piece[pieces.count++] = piece_of<Stride>(lane + begin - at.column, lane + end - at.column, offset);
    }
    lane += run;
  }
}

template <int Stride>
NACRE_INLINE Vf read_piece(const float* plane, const Piece& piece, int64_t stride) {
  const float* lane_zero = plane + piece.offset;
  if constexpr (Stride == 1) return load_window(lane_zero, piece.low);
  if constexpr (Stride == 2) return even_lanes(load_window(lane_zero, piece.low), load_window(lane_zero + kLanes, piece.high));
  float lane[kLanes] = {};
  for (int64_t i = piece.first; i < piece.last; ++i) lane[i] = lane_zero[i * stride];
  return load(lane);
}

template <int Stride>
NACRE_INLINE Vf read_pieces(const float* plane, const Pieces& pieces, int64_t stride) {
  if (pieces.count == 0) return Vf{};
  Vi lanes = bits(read_piece<Stride>(plane, pieces.piece[0], stride));
  for (int i = 1; i < pieces.count; ++i) lanes |= bits(read_piece<Stride>(plane, pieces.piece[i], stride));
  return from_bits(lanes);
}

/// A block of the patch matrix: depths [depth, depth + count), positions [begin, end).
struct Patches {
  const ConvArgs& args;
  int64_t depth, count;
  int64_t begin, end;
};

/// One tap's row of the panel, for every channel of the block.
template <int Stride>
NACRE_INLINE void pack_tap(const Patches& p, int64_t tap, const Pieces& low, const Pieces& high, float* panel) {
  const Window& w = p.args.window;
  int64_t taps = taps_of(w), plane = w.input[0] * w.input[1];
  int64_t channel = p.depth > tap ? (p.depth - tap + taps - 1) / taps : 0;
  const float* source = p.args.x + channel * plane;
  float* target = panel + (channel * taps + tap - p.depth) * kPanel;
  for (float* end = panel + p.count * kPanel; target < end; target += taps * kPanel, source += plane) {
    store(target, read_pieces<Stride>(source, low, w.stride[1]));
    store(target + kLanes, read_pieces<Stride>(source, high, w.stride[1]));
  }
}

/// One panel, tap by tap, so that where a tap reads is worked out once for all channels.
template <int Stride>
void pack_panel(const Patches& p, int64_t position, float* panel) {
  const Window& w = p.args.window;
  int64_t lanes = min(p.end - position, int64_t{kPanel}), middle = position + kLanes;
  Start first{position / w.output[1], position % w.output[1], min(lanes, int64_t{kLanes})};
  Start second{middle / w.output[1], middle % w.output[1], max(lanes - kLanes, int64_t{0})};
  Pieces low, high;
  int64_t tap = 0;
  for (int64_t row = 0; row < w.kernel[0]; ++row)
    for (int64_t column = 0; column < w.kernel[1]; ++column, ++tap) {
      int64_t tap_row = row * w.dilation[0] - w.pad_begin[0], tap_column = column * w.dilation[1] - w.pad_begin[1];
      find_pieces<Stride>(w, tap_row, tap_column, first, low);
      find_pieces<Stride>(w, tap_row, tap_column, second, high);
      pack_tap<Stride>(p, tap, low, high, panel);
    }
}

void pack_patches(const Patches& p) {
  int64_t stride = p.args.window.stride[1];
  auto pack = stride == 1 ? pack_panel<1> : stride == 2 ? pack_panel<2> : pack_panel<0>;
  for (int64_t position = p.begin; position < p.end; position += kPanel) pack(p, position, p.args.scratch + (position - p.begin) * p.count);
}

/// The epilogue for columns from `column` on and one block of depth: sums start with the early residual and end with the rest.
Epilogue epilogue_at(const Epilogue& whole, int64_t column, bool is_first, bool is_last) {
  Epilogue part;
  bool has_residual = whole.residual && (whole.residual_after_activation ? is_last : is_first);
  part.residual = has_residual ? whole.residual + column : nullptr;
  part.residual_stride = whole.residual_stride, part.residual_scale = whole.residual_scale;
  part.residual_after_activation = whole.residual_after_activation;
  if (!is_last) return part;
  part.bias_rows = whole.bias_rows;
  part.bias_columns = whole.bias_columns ? whole.bias_columns + column : nullptr;
  part.activation = whole.activation, part.alpha = whole.alpha, part.beta = whole.beta;
  part.scale = whole.scale, part.shift = whole.shift;
  return part;
}

void multiply_patches(const Patches& p) {
  const ConvArgs& args = p.args;
  int64_t k = args.channels_in * taps_of(args.window), positions = positions_of(args.window);
  GemmArgs product;
  product.m = args.channels_out, product.n = p.end - p.begin, product.k = p.count;
  product.a = args.weights + p.depth, product.lda = k;
  product.b = args.scratch;
  product.c = args.y + p.begin, product.ldc = positions;
  product.accumulate = p.depth > 0;
  product.epilogue = epilogue_at(args.epilogue, p.begin, p.depth == 0, p.depth + p.count >= k);
  product.row_begin = args.channel_begin, product.row_end = args.channel_end;
  gemm(product);
}

void multiply_planes(const ConvArgs& args) {
  GemmArgs product;
  product.m = args.channels_out, product.n = positions_of(args.window), product.k = args.channels_in;
  product.a = args.weights, product.lda = args.channels_in;
  product.b = args.x, product.ldb = product.n, product.b_layout = MatrixLayout::row_major;
  product.c = args.y, product.ldc = product.n;
  product.epilogue = args.epilogue, product.scratch = args.scratch;
  product.row_begin = args.channel_begin, product.row_end = args.channel_end;
  product.column_begin = args.position_begin, product.column_end = args.position_end;
  gemm(product);
}

}  // namespace

int64_t conv_scratch(const ConvArgs& args) {
  return gemm_scratch(args.channels_in * taps_of(args.window), args.window.output[0] * args.window.output[1]);
}

void conv(const ConvArgs& args) {
  if (is_pointwise(args.window)) return multiply_planes(args);
  int64_t k = args.channels_in * taps_of(args.window);
  GemmBlocking blocking = gemm_blocking(k);
  int64_t position_end = args.position_end < 0 ? positions_of(args.window) : min(args.position_end, positions_of(args.window));
  for (int64_t begin = args.position_begin; begin < position_end; begin += blocking.columns) {
    Patches patches{args, 0, 0, begin, min(begin + blocking.columns, position_end)};
    do {
      patches.count = min(k - patches.depth, blocking.depth);
      pack_patches(patches);
      multiply_patches(patches);
      patches.depth += patches.count;
    } while (patches.depth < k);
  }
}

}  // namespace nacre::NACRE_ISA
