// fp32 convolutions and pools of one or two spatial axes, NCHW as the graph has them.
#include "backends/native/convolution.h"

#include <algorithm>
#include <cmath>

#include "backends/native/parallel.h"
#include "ops/windows.h"

namespace nacre::native {
namespace {

Shape shape_of(const NodeView& n, size_t i) { return *constant_shape(*n.fact(i).shape); }
bool is_float(const NodeView& n, size_t i) { return !n.has(i) || n.fact(i).dtype == DType::float32; }

/// The window of the last two axes; a single spatial axis becomes a row of height 1.
Window window_of(const WindowGrid& grid) {
  Window out;
  const size_t rank = grid.input.size(), shift = 2 - rank;
  for (size_t axis = 0; axis < rank; ++axis) {
    const size_t d = axis + shift;
    out.input[d] = grid.input[axis], out.output[d] = grid.output[axis], out.kernel[d] = grid.windows.kernel[axis];
    out.stride[d] = grid.windows.strides[axis], out.dilation[d] = grid.windows.dilations[axis];
    out.pad_begin[d] = grid.begin[axis], out.pad_end[d] = grid.end[axis];
  }
  // A single column lies in memory as a single row does, and rows are what kernels are fast along.
  const bool is_column = out.input[1] == 1 && out.kernel[1] == 1 && out.pad_begin[1] == 0 && out.pad_end[1] == 0;
  if (is_column)
    for (int64_t (*pair)[2] : {&out.input, &out.output, &out.kernel, &out.stride, &out.dilation, &out.pad_begin, &out.pad_end})
      std::swap((*pair)[0], (*pair)[1]);
  return out;
}

}  // namespace

bool is_conv(const NodeView& n) {
  if (n.node.op->name != "Conv" || (!n.node.op->domain.empty() && n.node.op->domain != "nacre")) return false;
  for (size_t i = 0; i < 4; ++i)
    if (!is_float(n, i)) return false;
  const size_t rank = n.fact(0).shape->size();
  return rank == 3 || rank == 4;
}

Result<ConvSpec> read_conv_windows(const NodeView& n, size_t weights) {
  const Shape x = shape_of(n, 0), w = shape_of(n, weights);
  if (w.size() != x.size()) return fail(ErrorCode::invalid_argument, "input ", x, " and weights ", w, " differ in rank");
  Windows windows = NACRE_TRY(read_windows(n.attributes(), x.size() - 2, std::span(w).subspan(2)));
  ConvSpec out{.window = window_of(NACRE_TRY(lay_windows(std::move(windows), x))), .groups = n.attributes().integer("group", 1)};
  if (out.groups < 1 || w[0] % out.groups != 0 || w[1] * out.groups != x[1])
    return fail(ErrorCode::invalid_argument, "input ", x, " and weights ", w, " do not fit ", out.groups, " groups");
  out.channels_in = w[1], out.channels_out = w[0] / out.groups;
  return out;
}

Result<ConvSpec> read_conv(const NodeView& n) {
  ConvSpec out = NACRE_TRY(read_conv_windows(n, 1));
  const Shape w = shape_of(n, 1), y = *constant_shape(*n.graph.fact(n.node.outputs[0]).shape);
  if (n.has(2) && shape_of(n, 2) != Shape{w[0]})
    return fail(ErrorCode::invalid_argument, "bias ", shape_of(n, 2), " for ", w[0], " channels");
  if (n.has(3) && shape_of(n, 3) != y) return fail(ErrorCode::invalid_argument, "residual ", shape_of(n, 3), " for ", y);
  out.activation = fused_activation_of(n);
  out.residual_after = n.attributes().integer("residual_after", 0);
  return out;
}

bool is_pool(const NodeView& n) {
  const std::string_view op = n.node.op->name;
  if (!n.node.op->domain.empty() || (op != "MaxPool" && op != "AveragePool") || n.node.has_output(1) || n.fact(0).dtype != DType::float32)
    return false;
  const size_t rank = n.fact(0).shape->size();
  // A window that sticks out of the padding counts other elements; that case is rare and left to the plain loops.
  return (rank == 3 || rank == 4) && n.attributes().integer("ceil_mode", 0) == 0;
}

Result<PoolSpec> read_pool(const NodeView& n) {
  const Shape x = shape_of(n, 0);
  Windows windows = NACRE_TRY(read_windows(n.attributes(), x.size() - 2, {}));
  const bool padded = n.attributes().integer("count_include_pad", 0);
  return PoolSpec{window_of(NACRE_TRY(lay_windows(std::move(windows), x))), n.node.op->name == "MaxPool" ? Pooling::max
                                                                            : padded                     ? Pooling::average_with_padding
                                                                                                         : Pooling::average};
}

namespace {

/// No number, but some NaN in the window of an output.
bool has_only_nan(const Window& w, const float* x, int64_t channels, int64_t row, int64_t column) {
  bool some = false;
  for (int64_t r = 0; r < w.kernel[0]; ++r)
    for (int64_t c = 0; c < w.kernel[1]; ++c) {
      const int64_t y_at = row * w.stride[0] + r * w.dilation[0] - w.pad_begin[0],
                    x_at = column * w.stride[1] + c * w.dilation[1] - w.pad_begin[1];
      if (y_at < 0 || y_at >= w.input[0] || x_at < 0 || x_at >= w.input[1]) continue;
      if (!std::isnan(x[(y_at * w.input[1] + x_at) * channels])) return false;
      some = true;
    }
  return some;
}

}  // namespace

void restore_nan(const Window& w, const float* x, float* y, int64_t channels, int64_t row_begin, int64_t row_end) {
  const int64_t floats = w.output[1] * channels;
  for (int64_t row = row_begin; row < row_end; ++row, y += floats) {
    bool low = false;
    for (int64_t i = 0; i < floats; ++i) low |= y[i] == -HUGE_VALF;
    for (int64_t i = 0; low && i < floats; ++i)
      if (y[i] == -HUGE_VALF && has_only_nan(w, x + i % channels, channels, row, i / channels)) y[i] = NAN;
  }
}

namespace {

// --- convolution ---

struct PreparedConv : ConvSpec {
  bool depthwise = false;
};

Result<std::shared_ptr<const void>> prepare_conv(const NodeView& n, PackCache&) {
  auto out = std::make_shared<PreparedConv>(PreparedConv{NACRE_TRY(read_conv(n))});
  out->depthwise = out->channels_in == 1 && out->channels_out == 1 && !n.has(3);
  return out;
}

Epilogue epilogue_of(const Call& call, const PreparedConv& conv, int64_t channel, int64_t image) {
  const int64_t plane = conv.window.output[0] * conv.window.output[1], channels = conv.groups * conv.channels_out;
  Epilogue out{.bias_rows = call.in(2) ? call.in(2) + channel : nullptr,
               .residual = call.in(3),
               .residual_stride = plane,
               .residual_after_activation = conv.residual_after};
  if (out.residual) out.residual += (image * channels + channel) * plane;
  return conv.activation.in(out);
}

Result<void> run_depthwise(const Call& call, const PreparedConv& conv) {
  const int64_t images = call.input(0).shape()[0], in_plane = conv.window.input[0] * conv.window.input[1],
                plane = conv.window.output[0] * conv.window.output[1];
  const int64_t taps = conv.window.kernel[0] * conv.window.kernel[1], floats = kernels().window_scratch(conv.window);
  const int64_t pieces = std::max<int64_t>(1, std::min(conv.groups, 8 * int64_t(call.context.threads)));
  Tensor scratch = NACRE_TRY(call.scratch(workers(call.context) * floats * 4));
  float* space = reinterpret_cast<float*>(scratch.mutable_raw());
  const float *x = call.in(0), *w = call.in(1);
  float* y = call.out();
  parallel_with_thread(call.context, images * pieces, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / pieces, first = conv.groups * (piece % pieces) / pieces,
                    last = conv.groups * (piece % pieces + 1) / pieces;
      kernels().depthwise({.window = conv.window,
                           .x = x + (image * conv.groups + first) * in_plane,
                           .weights = w + first * taps,
                           .y = y + (image * conv.groups + first) * plane,
                           .channels = last - first,
                           .epilogue = epilogue_of(call, conv, first, image),
                           .scratch = space + thread * floats});
    }
  });
  return {};
}

Result<void> run_dense(const Call& call, const PreparedConv& conv) {
  const int64_t images = call.input(0).shape()[0], in_plane = conv.window.input[0] * conv.window.input[1],
                plane = conv.window.output[0] * conv.window.output[1];
  const int64_t depth = conv.channels_in * conv.window.kernel[0] * conv.window.kernel[1];
  ConvArgs all{.window = conv.window, .channels_in = conv.channels_in, .channels_out = conv.channels_out};
  // Positions are the columns of a product: threads take panels of them, channels too when a plane is small.
  const int64_t panel = kernels().gemm_panel, panels = (plane + panel - 1) / panel, threads = call.context.threads;
  const int64_t matrices = images * conv.groups;
  const int64_t column_pieces =
      std::clamp<int64_t>(threads > 1 ? 4 * threads / std::max<int64_t>(1, matrices) : 1, 1, std::max<int64_t>(1, panels));
  const int64_t floats = kernels().conv_scratch(all);
  Tensor scratch = NACRE_TRY(call.scratch(workers(call.context) * floats * 4));
  float* space = reinterpret_cast<float*>(scratch.mutable_raw());
  const float *x = call.in(0), *w = call.in(1);
  float* y = call.out();
  parallel_with_thread(call.context, matrices * column_pieces, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t matrix = piece / column_pieces, part = piece % column_pieces, image = matrix / conv.groups,
                    group = matrix % conv.groups;
      ConvArgs args = all;
      args.x = x + matrix * conv.channels_in * in_plane;
      args.weights = w + group * conv.channels_out * depth;
      args.y = y + matrix * conv.channels_out * plane;
      args.epilogue = epilogue_of(call, conv, group * conv.channels_out, image);
      args.scratch = space + thread * floats;
      args.position_begin = panels * part / column_pieces * panel;
      args.position_end = std::min(plane, panels * (part + 1) / column_pieces * panel);
      kernels().conv(args);
    }
  });
  return {};
}

Result<void> run_conv(const Call& call) {
  const PreparedConv& conv = *static_cast<const PreparedConv*>(call.prepared);
  if (call.output().size() == 0) return {};
  return conv.depthwise ? run_depthwise(call, conv) : run_dense(call, conv);
}

// --- pools ---

Result<std::shared_ptr<const void>> prepare_pool(const NodeView& n, PackCache&) {
  return std::make_shared<PoolSpec>(NACRE_TRY(read_pool(n)));
}

Result<void> run_pool(const Call& call) {
  const auto& [window, pooling] = *static_cast<const PoolSpec*>(call.prepared);
  const Shape& shape = call.input(0).shape();
  if (call.output().size() == 0) return {};
  const int64_t planes = shape[0] * shape[1], in_plane = window.input[0] * window.input[1], plane = window.output[0] * window.output[1];
  const int64_t pieces = std::min<int64_t>(planes, 8 * call.context.threads), floats = kernels().window_scratch(window);
  Tensor scratch = NACRE_TRY(call.scratch(workers(call.context) * floats * 4));
  float* space = reinterpret_cast<float*>(scratch.mutable_raw());
  const float* x = call.in(0);
  float* y = call.out();
  parallel_with_thread(call.context, pieces, 1, [&, window = window, pooling = pooling](int64_t begin, int64_t end, int thread) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t first = planes * piece / pieces, last = planes * (piece + 1) / pieces;
      kernels().pool({.window = window,
                      .pooling = pooling,
                      .x = x + first * in_plane,
                      .y = y + first * plane,
                      .planes = last - first,
                      .scratch = space + thread * floats});
      for (int64_t at = first; pooling == Pooling::max && at < last; ++at)
        restore_nan(window, x + at * in_plane, y + at * plane, 1, 0, window.output[0]);
    }
  });
  return {};
}

}  // namespace

extern const Kernel kernel_conv, kernel_pool;
const Kernel kernel_conv{"conv", is_conv, run_conv, prepare_conv};
const Kernel kernel_pool{"pool", is_pool, run_pool, prepare_pool};

}  // namespace nacre::native
