// ConvTranspose of images with channels last: output positions of one phase (position modulo stride, along both axes) are a plain
// convolution of the input with the taps that meet that phase, written with steps of the stride. Nothing is added into the
// output twice, and where kernel and stride are equal every phase is a 1x1 convolution. Phases of columns that read the same
// positions lie side by side in the output, as channels do: they are one convolution with as many times the channels.
#include <algorithm>
#include <cstring>

#include "backends/native/contraction.h"
#include "backends/native/convolution.h"
#include "backends/native/parallel.h"
#include "core/lasting.h"
#include "ops/windows.h"

namespace nacre::native {
namespace {

/// Along one axis: output position phase + stride * q reads input q + first - t by kernel tap tap + stride * t, t < taps. The `width`
/// phases from this one on differ in `phase` and `tap` alone.
struct Phase {
  int64_t phase = 0, tap = 0, taps = 0, first = 0, positions = 0, width = 1;
};

struct PackedPhases {
  Tensor panels;
};

struct PreparedTranspose {
  Window window;  // of the output over the input: input, output, kernel, stride, pad_begin as ConvTranspose means them
  int64_t channels_in = 0, channels_out = 0;
  std::vector<Phase> phases[2];
  int64_t lead[2] = {0, 0}, rows = 0, pitch = 0;  // padding before the input, rows and floats of a row with it
  bool padded = false;
  std::vector<int64_t> weights_at;  // of phase (row * columns' phases + column), in packed floats
  std::shared_ptr<const void> weights;
  std::vector<float> bias;  // once for each of the phases that run together; empty: as the node has it
};

/// Positions beyond the input are multiplied as zeros: weights that are not finite would make NaN of them.
bool is_finite(const Tensor& w) {
  const char* from = static_cast<const char*>(w.stored());
  float sum = 0;
  for (int64_t i = 0; i < w.size(); ++i) {
    float value;
    std::memcpy(&value, from + i * 4, 4);
    sum += value * 0;
  }
  return sum == 0;
}

Shape shape_of(const NodeView& n, size_t i) { return *constant_shape(*n.fact(i).shape); }

bool matches(const NodeView& n) {
  const Attributes& a = n.attributes();
  if (n.node.op->name != "ConvTranspose" || !n.node.op->domain.empty() || n.fact(0).dtype != DType::float32 || !n.constant(1)) return false;
  for (int64_t dilation : a.integers("dilations"))
    if (dilation != 1) return false;
  for (int64_t pad : a.integers("pads"))
    if (pad < 0) return false;
  const size_t rank = n.fact(0).shape->size();
  return (rank == 3 || rank == 4) && a.integer("group", 1) == 1 && a.string("auto_pad", "NOTSET") == "NOTSET" && !a.has("output_shape") &&
         n.constant(1)->size() > 0 && is_finite(*n.constant(1));
}

std::vector<Phase> phases_of(const Window& w, int axis) {
  std::vector<Phase> out;
  const int64_t stride = w.stride[axis];
  for (int64_t phase = 0; phase < stride; ++phase) {
    Phase p;
    p.phase = phase;
    p.tap = (phase + w.pad_begin[axis]) % stride;
    p.taps = p.tap < w.kernel[axis] ? (w.kernel[axis] - p.tap - 1) / stride + 1 : 0;
    p.first = (phase + w.pad_begin[axis] - p.tap) / stride;
    p.positions = phase < w.output[axis] ? (w.output[axis] - phase - 1) / stride + 1 : 0;
    out.push_back(p);
  }
  return out;
}

/// All phases in one where they read the same positions.
void merge(std::vector<Phase>& phases) {
  for (size_t i = 0; i < phases.size(); ++i) {
    const Phase &a = phases[0], &b = phases[i];
    if (b.taps != a.taps || b.first != a.first || b.positions != a.positions || b.tap != a.tap + int64_t(i)) return;
  }
  phases[0].width = int64_t(phases.size());
  phases.resize(1);
}

/// Panels of one phase: [taps, channels_in] rows of [width, channels_out], from weights [channels_in, channels_out, kernel].
Result<void> pack_phase(const PreparedTranspose& p, const Tensor& w, const Phase& rows, const Phase& columns, float* panels) {
  const Window& window = p.window;
  const int64_t k = rows.taps * columns.taps * p.channels_in, n = columns.width * p.channels_out;
  if (k == 0) return {};
  Tensor space = NACRE_TRY(allocate(DType::float32, {k * n}));
  float* to = space.mutable_data<float>().data();
  const char* from = static_cast<const char*>(w.stored());
  for (int64_t row = 0; row < rows.taps; ++row)
    for (int64_t column = 0; column < columns.taps; ++column)
      for (int64_t in = 0; in < p.channels_in; ++in)
        for (int64_t at = 0; at < n; ++at, ++to) {
          const int64_t out = at % p.channels_out, beside = at / p.channels_out;
          const int64_t tap = (rows.tap + row * window.stride[0]) * window.kernel[1] + columns.tap + beside + column * window.stride[1];
          std::memcpy(to, from + ((in * p.channels_out + out) * window.kernel[0] * window.kernel[1] + tap) * 4, 4);
        }
  return pack_panels(DType::float32, space.raw(), false, k, n, panels);
}

Result<std::shared_ptr<const void>> pack(PreparedTranspose& p, const Tensor& w, PackCache& cache) {
  int64_t size = 0;
  for (const Phase& rows : p.phases[0])
    for (const Phase& columns : p.phases[1]) {
      p.weights_at.push_back(size);
      size += kernels().gemm_packed_size(rows.taps * columns.taps * p.channels_in, columns.width * p.channels_out);
    }
  const Window& v = p.window;
  const std::string layout =
      cat("transposed ", v.stride[0], "x", v.stride[1], " from ", v.pad_begin[0], ",", v.pad_begin[1], " in ", p.phases[1].size());
  return cache.get(w, layout, [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
    auto packed = std::make_shared<PackedPhases>();
    packed->panels = NACRE_TRY(allocate_lasting(DType::float32, {std::max<int64_t>(size, 1)}));
    float* panels = packed->panels.mutable_data<float>().data();
    size_t phase = 0;
    for (const Phase& rows : p.phases[0])
      for (const Phase& columns : p.phases[1]) NACRE_TRY(pack_phase(p, w, rows, columns, panels + p.weights_at[phase++]));
    bytes = size * 4;
    return packed;
  });
}

Result<std::shared_ptr<const void>> prepare(const NodeView& n, PackCache& cache) {
  const Shape x = shape_of(n, 0), w = shape_of(n, 1), y = *constant_shape(*n.graph.fact(n.node.outputs[0]).shape);
  const Windows windows = NACRE_TRY(read_windows(n.attributes(), x.size() - 2, std::span(w).subspan(2)));
  if (w[0] != x[1] || w[1] != y[1]) return fail(ErrorCode::invalid_argument, "input ", x, " and weights ", w, " do not give ", y);
  if (n.has(2) && shape_of(n, 2) != Shape{w[1]})
    return fail(ErrorCode::invalid_argument, "bias ", shape_of(n, 2), " for ", w[1], " channels");
  auto out = std::make_shared<PreparedTranspose>();
  PreparedTranspose& p = *out;
  p.channels_in = w[0], p.channels_out = w[1];
  for (size_t axis = 0; axis < windows.rank(); ++axis) {
    const size_t d = axis + 2 - windows.rank();
    p.window.input[d] = x[axis + 2], p.window.output[d] = y[axis + 2], p.window.kernel[d] = w[axis + 2];
    p.window.stride[d] = windows.strides[axis], p.window.pad_begin[d] = windows.pads[axis];
  }
  int64_t behind[2] = {0, 0};
  for (int axis : {0, 1}) {
    p.phases[axis] = phases_of(p.window, axis);
    if (axis == 1 && (!n.has(2) || n.constant(2))) merge(p.phases[axis]);
    for (const Phase& phase : p.phases[axis]) {
      if (phase.taps == 0 || phase.positions == 0) continue;
      p.lead[axis] = std::max(p.lead[axis], phase.taps - 1 - phase.first);
      behind[axis] = std::max(behind[axis], phase.positions - 1 + phase.first - (p.window.input[axis] - 1));
    }
  }
  p.padded = p.lead[0] + p.lead[1] + behind[0] + behind[1] > 0;
  p.rows = p.window.input[0] + p.lead[0] + behind[0];
  p.pitch = (p.window.input[1] + p.lead[1] + behind[1]) * p.channels_in;
  if (const int64_t width = p.phases[1].empty() ? 1 : p.phases[1][0].width; width > 1 && n.has(2)) {
    const char* bias = static_cast<const char*>(n.constant(2)->stored());
    p.bias.resize(size_t(width * p.channels_out));
    for (int64_t i = 0; i < width; ++i) std::memcpy(p.bias.data() + i * p.channels_out, bias, size_t(p.channels_out) * 4);
  }
  p.weights = NACRE_TRY(pack(p, *n.constant(1), cache));
  return out;
}

void copy_padded(const PreparedTranspose& p, const float* x, float* to) {
  const int64_t line = p.window.input[1] * p.channels_in;
  std::memset(to, 0, size_t(p.rows * p.pitch) * 4);
  for (int64_t row = 0; row < p.window.input[0]; ++row)
    std::memcpy(to + (row + p.lead[0]) * p.pitch + p.lead[1] * p.channels_in, x + row * line, size_t(line) * 4);
}

/// Rows [begin, end) of the positions of one phase.
void run_phase(const Call& call, const PreparedTranspose& p, const float* x, float* y, int64_t which, int64_t begin, int64_t end) {
  const Window& w = p.window;
  const Phase &rows = p.phases[0][size_t(which) / p.phases[1].size()], &columns = p.phases[1][size_t(which) % p.phases[1].size()];
  std::vector<int64_t> offsets;
  for (int64_t row = 0; row < rows.taps; ++row)
    for (int64_t column = 0; column < columns.taps; ++column) offsets.push_back(-row * p.pitch - column * p.channels_in);
  const int64_t out_row = w.output[1] * p.channels_out;
  TapConvArgs args{.rows = end - begin,
                   .columns = columns.positions,
                   .x = x + (begin + rows.first + p.lead[0]) * p.pitch + (columns.first + p.lead[1]) * p.channels_in,
                   .x_row = p.pitch,
                   .x_column = p.channels_in,
                   .tap_offsets = offsets.data(),
                   .taps = int64_t(offsets.size()),
                   .depth = p.channels_in,
                   .weights = static_cast<const PackedPhases*>(p.weights.get())->panels.data<float>().data() + p.weights_at[size_t(which)],
                   .n = columns.width * p.channels_out,
                   .y = y + (rows.phase + begin * w.stride[0]) * out_row + columns.phase * p.channels_out,
                   .y_row = w.stride[0] * out_row,
                   .y_column = w.stride[1] * p.channels_out};
  args.epilogue.bias_columns = p.bias.empty() ? call.in(2) : p.bias.data();
  kernels().conv_taps(args);
}

Result<void> run(const Call& call) {
  const PreparedTranspose& p = *static_cast<const PreparedTranspose*>(call.prepared);
  if (call.output().size() == 0) return {};
  const Window& w = p.window;
  Tensor scratch = NACRE_TRY(call.scratch(p.padded ? p.rows * p.pitch * 4 : 0));
  float* space = reinterpret_cast<float*>(scratch.mutable_raw());
  const int64_t in_image = w.input[0] * w.input[1] * p.channels_in, out_image = w.output[0] * w.output[1] * p.channels_out;
  const int64_t phases = int64_t(p.weights_at.size()), bands = call.context.threads > 1 ? 4 * call.context.threads : 1;
  for (int64_t image = 0; image < call.input(0).shape()[0]; ++image) {
    const float* x = call.in(0) + image * in_image;
    if (p.padded) copy_padded(p, x, space), x = space;
    float* y = call.out() + image * out_image;
    parallel(call.context, bands, 1, [&](int64_t begin, int64_t end) {
      for (int64_t band = begin; band < end; ++band)
        for (int64_t which = 0; which < phases; ++which) {
          const int64_t rows = p.phases[0][size_t(which) / p.phases[1].size()].positions;
          run_phase(call, p, x, y, which, rows * band / bands, rows * (band + 1) / bands);
        }
    });
  }
  return {};
}

}  // namespace

extern const Kernel kernel_conv_transpose_last;
const Kernel kernel_conv_transpose_last{"conv_transpose_last", matches, run, prepare, {.images = 1, .starts = true}};

}  // namespace nacre::native
