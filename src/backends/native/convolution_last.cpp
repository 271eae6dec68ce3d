// Convolutions, depthwise convolutions and pools of images with their channels last (layout.h). A dense convolution reads its
// input in place, planes too; where windows reach into padding, the rows of a band of output rows are copied with their
// padding first, so that no window needs a case of its own.
#include <algorithm>
#include <cstring>

#include "backends/native/contraction.h"
#include "backends/native/convolution.h"
#include "backends/native/layout.h"
#include "backends/native/parallel.h"
#include "core/lasting.h"

namespace nacre::native {
namespace {

constexpr int64_t kBandFloats = 48 * 1024;    // of a padded band: 192 KiB
constexpr int64_t kTile = 14;                 // positions worth giving to a thread
constexpr int64_t kWorthSplitting = 1 << 16;  // multiply-adds

// --- dense and grouped ---

/// How x is read: in place, or from a padded copy of a band of its rows.
struct PreparedTaps : ConvSpec {
  bool planes = false, padded = false;
  int64_t depth = 0;             // floats that lie together at every tap
  std::vector<int64_t> offsets;  // of the taps
  int64_t pitch = 0;             // floats of a row of x (padded)
  int64_t row_floats = 0;        // floats of a row of x, of all planes
  int64_t plane = 0;             // floats from one plane to the next
  int64_t band = 0;              // output rows of a band
  std::shared_ptr<const void> weights;

  int64_t extent(int axis) const { return (window.kernel[axis] - 1) * window.dilation[axis] + 1; }
  int64_t rows_for(int64_t output_rows) const { return (output_rows - 1) * window.stride[0] + extent(0); }
  int64_t all_in() const { return groups * channels_in; }
  int64_t all_out() const { return groups * channels_out; }
  /// Floats to the next output row's and column's windows.
  int64_t row_step() const { return window.stride[0] * pitch; }
  int64_t column_step() const { return window.stride[1] * (planes ? 1 : all_in()); }
  int64_t taps() const { return int64_t(offsets.size()); }
  int64_t group_step() const { return planes ? channels_in * plane : channels_in; }
  /// Rows follow each other without a gap: one long row.
  bool is_flat() const {
    return !padded && window.kernel[0] == 1 && window.stride[0] == 1 && row_step() == window.output[1] * column_step();
  }
};

struct PackedConv {
  Tensor panels;  // one after the other for every group
};

bool reaches_padding(const Window& w, int axis) {
  const int64_t extent = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
  return w.pad_begin[axis] != 0 || (w.output[axis] - 1) * w.stride[axis] + extent > w.input[axis];
}

/// [m, channels, taps] -> [m, taps, channels], from bytes that may not be aligned.
Result<Tensor> taps_first(const Tensor& w, int64_t m, int64_t channels, int64_t taps) {
  Tensor out = NACRE_TRY(allocate(DType::float32, {std::max<int64_t>(1, m * channels * taps)}));
  const char* from = static_cast<const char*>(w.stored());
  float* to = out.mutable_data<float>().data();
  for (int64_t row = 0; row < m; ++row)
    for (int64_t channel = 0; channel < channels; ++channel)
      for (int64_t tap = 0; tap < taps; ++tap, from += 4) std::memcpy(to + (row * taps + tap) * channels + channel, from, 4);
  return out;
}

Result<std::shared_ptr<const void>> pack_weights(const Tensor& w, const ConvSpec& conv, bool planes, PackCache& cache) {
  const std::string layout = cat(planes ? "conv panels of planes " : "conv panels ", conv.groups);
  return cache.get(w, layout, [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
    const int64_t taps = conv.window.kernel[0] * conv.window.kernel[1], k = conv.channels_in * taps, n = conv.channels_out;
    const int64_t size = kernels().gemm_packed_size(k, n);
    const auto fill = [&](float* panels) -> Result<void> {
      const Tensor turned = planes || taps == 1 ? w : NACRE_TRY(taps_first(w, n * conv.groups, conv.channels_in, taps));
      for (int64_t group = 0; group < conv.groups; ++group)
        NACRE_TRY(
            pack_panels(DType::float32, static_cast<const char*>(turned.stored()) + group * n * k * 4, true, k, n, panels + group * size));
      return {};
    };
    const std::span source(static_cast<const std::byte*>(w.stored()), w.byte_size());
    auto packed = std::make_shared<PackedConv>();
    packed->panels = NACRE_TRY(cache.floats(source, cat(layout, " of ", conv.channels_in, " ", taps, " ", n), size * conv.groups, fill));
    bytes = int64_t(packed->panels.byte_size());
    return packed;
  });
}

/// Where the taps lie, once the pitch is known.
void place_taps(PreparedTaps& p) {
  const Window& w = p.window;
  // In planes a row of the kernel lies together unless it is dilated.
  const bool whole_rows = p.planes && w.dilation[1] == 1;
  p.depth = whole_rows ? w.kernel[1] : p.planes ? 1 : p.channels_in;
  const int64_t columns = whole_rows ? 1 : w.kernel[1], step = p.planes ? 1 : p.all_in();
  for (int64_t plane = 0; plane < (p.planes ? p.channels_in : 1); ++plane)
    for (int64_t row = 0; row < w.kernel[0]; ++row)
      for (int64_t column = 0; column < columns; ++column)
        p.offsets.push_back(plane * p.plane + row * w.dilation[0] * p.pitch + column * w.dilation[1] * step);
}

Result<std::shared_ptr<const void>> prepare_taps(const NodeView& n, PackCache& cache, bool planes) {
  auto out = std::make_shared<PreparedTaps>(PreparedTaps{NACRE_TRY(read_conv(n))});
  PreparedTaps& p = *out;
  const Window& w = p.window;
  p.planes = planes, p.padded = reaches_padding(w, 0) || reaches_padding(w, 1);
  const int64_t columns = p.padded ? std::max((w.output[1] - 1) * w.stride[1] + p.extent(1), int64_t{1}) : w.input[1];
  p.pitch = columns * (planes ? 1 : p.all_in());
  p.row_floats = columns * p.all_in();
  p.band = std::max<int64_t>(1, w.output[0]);
  if (p.padded) p.band = std::clamp<int64_t>((kBandFloats / std::max<int64_t>(1, p.row_floats) - p.extent(0)) / w.stride[0] + 1, 1, p.band);
  p.plane = (p.padded ? p.rows_for(p.band) : w.input[0]) * p.pitch;
  place_taps(p);
  p.weights = NACRE_TRY(pack_weights(*n.constant(1), p, planes, cache));
  return out;
}

/// The rows that output rows [begin, end) of one image read, with their padding.
void copy_padded(const PreparedTaps& p, const float* x, int64_t begin, int64_t end, float* to) {
  const Window& w = p.window;
  const int64_t pixel = p.planes ? 1 : p.all_in(), planes = p.planes ? p.all_in() : 1;
  const int64_t cut = std::clamp<int64_t>(-w.pad_begin[1], 0, w.input[1]);  // negative padding takes columns away
  const int64_t left = std::clamp<int64_t>(w.pad_begin[1] * pixel, 0, p.pitch);
  const int64_t filled = std::min((w.input[1] - cut) * pixel, p.pitch - left);
  const int64_t first = begin * w.stride[0] - w.pad_begin[0], rows = p.rows_for(end - begin);
  for (int64_t plane = 0; plane < planes; ++plane)
    for (int64_t row = 0; row < rows; ++row) {
      float* target = to + plane * p.plane + row * p.pitch;
      const int64_t source = first + row;
      if (source < 0 || source >= w.input[0]) {
        std::memset(target, 0, size_t(p.pitch) * 4);
        continue;
      }
      std::memset(target, 0, size_t(left) * 4);
      std::memcpy(target + left, x + ((plane * w.input[0] + source) * w.input[1] + cut) * pixel, size_t(filled) * 4);
      std::memset(target + left + filled, 0, size_t(p.pitch - left - filled) * 4);
    }
}

/// One convolution at run time.
struct Taps {
  const Call& call;
  const PreparedTaps& p;
  const float* weights;
  int64_t group_floats;  // of packed weights
  int64_t threads;       // worth using

  int64_t in_image() const { return p.window.input[0] * p.window.input[1] * p.all_in(); }
  int64_t out_row() const { return p.window.output[1] * p.all_out(); }
  int64_t panels() const { return (p.channels_out + kernels().gemm_panel - 1) / kernels().gemm_panel; }

  TapConvArgs args(int64_t image, int64_t row, int64_t group) const {
    const int64_t channel = group * p.channels_out, at = (image * p.window.output[0] + row) * out_row() + channel;
    TapConvArgs out{.columns = p.window.output[1],
                    .x_row = p.row_step(),
                    .x_column = p.column_step(),
                    .tap_offsets = p.offsets.data(),
                    .taps = p.taps(),
                    .depth = p.depth,
                    .weights = weights + group * group_floats,
                    .n = p.channels_out,
                    .y = call.out() + at,
                    .y_row = out_row(),
                    .y_column = p.all_out()};
    out.epilogue = {.bias_columns = call.in(2) ? call.in(2) + channel : nullptr,
                    .residual = call.in(3) ? call.in(3) + at : nullptr,
                    .residual_after_activation = p.residual_after};
    out.epilogue = p.activation.in(out.epilogue);
    return out;
  }

  /// Output rows [begin, end) of an image; `x` holds what the first of them reads.
  void run_rows(int64_t image, int64_t begin, int64_t end, const float* x) const {
    for (int64_t group = 0; group < p.groups; ++group) {
      TapConvArgs part = args(image, begin, group);
      part.rows = end - begin, part.x = x + group * p.group_step();
      kernels().conv_taps(part);
    }
  }
  /// Panel `panel` of all the groups' panels, all rows of an image.
  void run_panels(int64_t image, int64_t begin, int64_t end, const float* x) const {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t group = panel / panels(), width = kernels().gemm_panel;
      TapConvArgs part = args(image, 0, group);
      part.rows = p.window.output[0], part.x = x + group * p.group_step();
      part.n_begin = panel % panels() * width, part.n_end = std::min(part.n_begin + width, p.channels_out);
      if (p.is_flat()) part.columns *= part.rows, part.rows = 1;
      kernels().conv_taps(part);
    }
  }
};

/// 1x1: positions are one long row.
Result<void> run_flat(const Taps& t, int64_t images) {
  const int64_t positions = t.p.window.output[0] * t.p.window.output[1], tiles = (positions + kTile - 1) / kTile;
  const int64_t pieces = t.threads > 1 ? std::min(tiles, 4 * t.threads) : 1;
  parallel(t.call.context, images * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / pieces, part = piece % pieces, first = tiles * part / pieces * kTile;
      const int64_t last = std::min(positions, tiles * (part + 1) / pieces * kTile);
      for (int64_t group = 0; group < t.p.groups; ++group) {
        TapConvArgs args = t.args(image, 0, group);
        args.x = t.call.in(0) + image * t.in_image() + group * t.p.group_step() + first * args.x_column;
        args.y += first * args.y_column, args.columns = last - first, args.whole_columns = positions;
        if (args.epilogue.residual) args.epilogue.residual += first * args.y_column;
        kernels().conv_taps(args);
      }
    }
  });
  return {};
}

Result<void> run_bands(const Taps& t, int64_t images) {
  const PreparedTaps& p = t.p;
  const int64_t rows = p.window.output[0], threads = t.threads;
  const int64_t share = threads > 1 ? std::max<int64_t>(1, rows * images / (4 * threads)) : rows, band = std::min(p.band, share);
  const int64_t bands = (rows + band - 1) / band, floats = p.padded ? p.rows_for(p.band) * p.row_floats : 0;
  Tensor scratch = NACRE_TRY(t.call.scratch(workers(t.call.context) * floats * 4));
  float* space = reinterpret_cast<float*>(scratch.mutable_raw());
  parallel_with_thread(t.call.context, images * bands, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / bands, first = piece % bands * band, last = std::min(rows, first + band);
      const float* x = t.call.in(0) + image * t.in_image();
      float* own = space + thread * floats;
      if (p.padded) copy_padded(p, x, first, last, own);
      t.run_rows(image, first, last, p.padded ? own : x + first * p.row_step());
    }
  });
  return {};
}

/// Few positions and many weights: every thread takes some of the output channels, and reads only their weights.
Result<void> run_by_channels(const Taps& t, int64_t images) {
  const PreparedTaps& p = t.p;
  const int64_t floats = p.padded ? p.rows_for(p.window.output[0]) * p.row_floats : 0, panels = p.groups * t.panels();
  Tensor scratch = NACRE_TRY(t.call.scratch(floats * 4));
  float* space = reinterpret_cast<float*>(scratch.mutable_raw());
  for (int64_t image = 0; image < images; ++image) {
    const float* x = t.call.in(0) + image * t.in_image();
    if (p.padded) copy_padded(p, x, 0, p.window.output[0], space);
    parallel(t.call.context, panels, std::max<int64_t>(1, panels / (4 * t.threads)),
             [&](int64_t begin, int64_t end) { t.run_panels(image, begin, end, p.padded ? space : x); });
  }
  return {};
}

Result<void> run_taps(const Call& call) {
  const PreparedTaps& p = *static_cast<const PreparedTaps*>(call.prepared);
  if (call.output().size() == 0) return {};
  const int64_t k = p.taps() * p.depth, images = call.input(0).shape()[0];
  const int64_t threads = call.output().size() * k < kWorthSplitting ? 1 : call.context.threads;
  const Taps t{call, p, static_cast<const PackedConv*>(p.weights.get())->panels.data<float>().data(),
               kernels().gemm_packed_size(k, p.channels_out), threads};
  const bool whole = !p.padded || p.band == p.window.output[0];
  if (threads > 1 && whole && p.groups * t.panels() >= 2 * threads && p.groups * t.group_floats > images * t.in_image())
    return run_by_channels(t, images);
  return p.is_flat() ? run_flat(t, images) : run_bands(t, images);
}

bool matches_taps(const NodeView& n) { return is_conv(n) && n.constant(1) && n.constant(1)->size() > 0; }

Result<std::shared_ptr<const void>> prepare_last(const NodeView& n, PackCache& cache) { return prepare_taps(n, cache, false); }
Result<std::shared_ptr<const void>> prepare_from_planes(const NodeView& n, PackCache& cache) { return prepare_taps(n, cache, true); }

// --- depthwise ---

struct PreparedDepthwise : ConvSpec {
  std::shared_ptr<const void> weights;
};

bool matches_depthwise(const NodeView& n) {
  if (!is_conv(n) || !n.constant(1)) return false;
  const Shape x = *constant_shape(*n.fact(0).shape);
  const Shape& w = n.constant(1)->shape();
  return x[1] > 1 && w.size() == x.size() && w[1] == 1 && w[0] == x[1] && n.attributes().integer("group", 1) == x[1];
}

Result<std::shared_ptr<const void>> prepare_depthwise(const NodeView& n, PackCache& cache) {
  auto out = std::make_shared<PreparedDepthwise>(PreparedDepthwise{NACRE_TRY(read_conv(n))});
  const int64_t taps = out->window.kernel[0] * out->window.kernel[1], channels = out->groups;
  out->weights =
      NACRE_TRY(cache.get(*n.constant(1), "depthwise, channels last", [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
        auto packed = std::make_shared<PackedConv>();
        packed->panels = NACRE_TRY(taps_first(*n.constant(1), 1, channels, taps));
        bytes = taps * channels * 4;
        return packed;
      }));
  return out;
}

Result<void> run_depthwise(const Call& call) {
  const PreparedDepthwise& p = *static_cast<const PreparedDepthwise*>(call.prepared);
  if (call.output().size() == 0) return {};
  const Window& w = p.window;
  const int64_t channels = p.groups, images = call.input(0).shape()[0], threads = call.context.threads;
  // Small planes are split by channels, in whole vectors: rows would be too few.
  const bool by_rows = w.output[0] >= 8 * threads;
  const int64_t vectors = (channels + 31) / 32, units = by_rows ? w.output[0] : vectors;
  const int64_t pieces = threads > 1 ? std::min(units, 4 * threads) : 1;
  const int64_t in_image = w.input[0] * w.input[1] * channels, out_image = w.output[0] * w.output[1] * channels;
  parallel(call.context, images * pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / pieces, first = units * (piece % pieces) / pieces, last = units * (piece % pieces + 1) / pieces;
      DepthwiseLastArgs args{.window = w,
                             .x = call.in(0) + image * in_image,
                             .weights = static_cast<const PackedConv*>(p.weights.get())->panels.data<float>().data(),
                             .y = call.out() + image * out_image,
                             .channels = channels,
                             .row_end = w.output[0],
                             .channel_end = channels};
      args.epilogue = {.bias_columns = call.in(2),
                       .residual = call.in(3) ? call.in(3) + image * out_image : nullptr,
                       .residual_after_activation = p.residual_after};
      args.epilogue = p.activation.in(args.epilogue);
      if (by_rows)
        args.row_begin = first, args.row_end = last;
      else
        args.channel_begin = first * 32, args.channel_end = std::min(last * 32, channels);
      kernels().depthwise_last(args);
    }
  });
  return {};
}

// --- pools; a global pool is one window ---

bool is_global_pool(const NodeView& n) {
  const std::string_view op = n.node.op->name;
  return n.node.op->domain.empty() && (op == "GlobalAveragePool" || op == "GlobalMaxPool") && n.fact(0).dtype == DType::float32 &&
         (n.fact(0).shape->size() == 3 || n.fact(0).shape->size() == 4);
}

bool matches_pool(const NodeView& n) { return is_pool(n) || is_global_pool(n); }

Result<std::shared_ptr<const void>> prepare_pool(const NodeView& n, PackCache&) {
  if (is_pool(n)) return std::make_shared<PoolSpec>(NACRE_TRY(read_pool(n)));
  const Shape x = *constant_shape(*n.fact(0).shape);
  auto out = std::make_shared<PoolSpec>();
  for (size_t axis = 2; axis < x.size(); ++axis) {
    const size_t d = axis - x.size() + 2;
    out->window.input[d] = out->window.kernel[d] = x[axis];
  }
  out->pooling = n.node.op->name == "GlobalMaxPool" ? Pooling::max_or_nan : Pooling::average;
  return out;
}

Result<void> run_pool(const Call& call) {
  const auto& [window, pooling] = *static_cast<const PoolSpec*>(call.prepared);
  if (call.output().size() == 0) return {};
  const Shape& shape = call.input(0).shape();
  const int64_t in_image = window.input[0] * window.input[1] * shape[1], out_image = window.output[0] * window.output[1] * shape[1];
  const int64_t rows = window.output[0];
  parallel(call.context, shape[0] * rows, 1, [&, window = window, pooling = pooling](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      const int64_t row = item % rows;
      const float* x = call.in(0) + item / rows * in_image;
      float* y = call.out() + item / rows * out_image;
      kernels().pool_last(
          {.window = window, .pooling = pooling, .x = x, .y = y, .channels = shape[1], .row_begin = row, .row_end = row + 1});
      if (pooling == Pooling::max) restore_nan(window, x, y + row * window.output[1] * shape[1], shape[1], row, row + 1);
    }
  });
  return {};
}

}  // namespace

extern const Kernel kernel_conv_last, kernel_depthwise_last, kernel_pool_last;
const Kernel kernel_conv_from_planes{"conv_from_planes", matches_taps, run_taps, prepare_from_planes, {.images = 0b1000}};
const Kernel kernel_conv_last{
    "conv_last", matches_taps, run_taps, prepare_last, {.images = 0b1001, .starts = true, .from_planes = &kernel_conv_from_planes}};
const Kernel kernel_depthwise_last{
    "depthwise_last", matches_depthwise, run_depthwise, prepare_depthwise, {.images = 0b1001, .starts = true}};
const Kernel kernel_pool_last{"pool_last", matches_pool, run_pool, prepare_pool, {.images = 1}};

}  // namespace nacre::native
