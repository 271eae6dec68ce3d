// QLinearConv, dense, grouped and depthwise, and pools of 8-bit codes with channels last. Dense convolutions read uint8 codes in
// place where no window reaches into padding; otherwise a band of rows is copied first, with padding of x's zero point, and int8
// codes flipped to uint8.
#include <algorithm>
#include <cstring>

#include "backends/native/codes.h"
#include "backends/native/convolution.h"
#include "backends/native/layout.h"
#include "backends/native/parallel.h"
#include "core/lasting.h"

namespace nacre::native {
namespace {

constexpr int64_t kBandBytes = 64 * 1024;     // of a copied band
constexpr int64_t kTile = 14;                 // positions worth giving to a thread
constexpr int64_t kWorthSplitting = 1 << 17;  // multiply-adds

struct PackedCodes {
  Tensor panels;               // one after the other for every group
  std::vector<int32_t> sums;   // of each output channel's weights, less their zero point
  std::vector<int32_t> zeros;  // of each output channel's weights as they are packed
  bool any_zero = false;
};

struct PreparedCodes : ConvSpec {
  CodeScale x, y;
  bool copied = false, depthwise = false;
  int64_t depth = 0;             // bytes that lie together at every tap
  std::vector<int64_t> offsets;  // of the taps
  int64_t pitch = 0, band = 0;   // bytes of a row of x, perhaps copied; output rows of a band
  std::vector<int32_t> start;    // of each output channel's sum
  std::vector<float> units;
  std::shared_ptr<const void> packed;

  int64_t extent(int axis) const { return (window.kernel[axis] - 1) * window.dilation[axis] + 1; }
  int64_t rows_for(int64_t output_rows) const { return (output_rows - 1) * window.stride[0] + extent(0); }
  int64_t all_in() const { return groups * channels_in; }
  int64_t all_out() const { return groups * channels_out; }
  int64_t row_step() const { return window.stride[0] * pitch; }
  int64_t column_step() const { return window.stride[1] * all_in(); }
  int64_t in_image() const { return window.input[0] * window.input[1] * all_in(); }
  int64_t out_row() const { return window.output[1] * all_out(); }
  /// Positions follow each other without a gap, from image to image too: one long row.
  bool is_flat() const {
    return !copied && window.kernel[0] * window.kernel[1] == 1 && window.stride[0] == 1 && window.stride[1] == 1 &&
           window.output[0] * window.output[1] == window.input[0] * window.input[1];
  }
  const PackedCodes& weights() const { return *static_cast<const PackedCodes*>(packed.get()); }
};

bool reaches_padding(const Window& w, int axis) {
  const int64_t extent = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
  return w.pad_begin[axis] != 0 || (w.output[axis] - 1) * w.stride[axis] + extent > w.input[axis];
}

// --- preparation ---

/// Input `i` as int32 for each of `count` channels.
std::vector<int32_t> per_channel(const NodeView& n, size_t i, int64_t count) {
  const Tensor& values = *n.constant(i);
  std::vector<int64_t> wide(size_t(values.size()));
  load_as<int64_t>(values.dtype(), values.raw(), 0, values.size(), wide.data());
  if (wide.size() == 1) wide.assign(size_t(count), wide[0]);
  return std::vector<int32_t>(wide.begin(), wide.end());
}

/// [m, channels, taps] -> [m, taps, channels].
std::vector<uint8_t> taps_first(const uint8_t* from, int64_t m, int64_t channels, int64_t taps) {
  std::vector<uint8_t> out(size_t(m * channels * taps));
  parallel_for(m, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t tap = 0; tap < taps; ++tap) {
        const uint8_t* x = from + row * channels * taps + tap;
        uint8_t* y = out.data() + (row * taps + tap) * channels;
        for (int64_t channel = 0; channel < channels; ++channel) y[channel] = x[channel * taps];
      }
  });
  return out;
}

/// Zero points of the weights once they are packed, which makes them signed.
PackedCodes packed_zeros(const NodeView& n, int64_t count) {
  PackedCodes out{.panels = {}, .sums = std::vector<int32_t>(size_t(count)), .zeros = per_channel(n, 5, count)};
  for (int32_t& zero : out.zeros) {
    if (n.fact(3).dtype == DType::uint8) zero -= 128;
    out.any_zero = out.any_zero || zero != 0;
  }
  return out;
}

std::string key_of(const NodeView& n, const ConvSpec& conv, std::string_view kind) {
  return cat(kind, " ", conv.groups, " of ", reinterpret_cast<uintptr_t>(n.constant(5)->stored()));
}

void pack_panels(const IntegerPackArgs& args) {
  const int64_t width = 4 * kernels().gemm_panel;
  parallel_for((args.n + width - 1) / width, 1, [&](int64_t begin, int64_t end, int) {
    IntegerPackArgs part = args;
    part.column_begin = begin * width, part.column_end = std::min(args.n, end * width);
    kernels().integer_pack(part);
  });
}

Result<std::shared_ptr<const void>> pack_dense(const NodeView& n, const ConvSpec& conv, int64_t taps, int64_t depth, PackCache& cache) {
  const Tensor& w = *n.constant(3);
  return cache.get(w, cat(key_of(n, conv, "conv codes"), " ", depth), [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
    const int64_t k = taps * depth, size = kernels().integer_packed_size(depth, conv.channels_out, taps), panel = kernels().gemm_panel;
    auto packed = std::make_shared<PackedCodes>(packed_zeros(n, conv.groups * conv.channels_out));
    packed->panels = NACRE_TRY(allocate_lasting(DType::uint8, {size * conv.groups}));
    const uint8_t* source = static_cast<const uint8_t*>(w.stored());
    std::vector<uint8_t> turned;
    if (k != conv.channels_in) turned = taps_first(source, conv.groups * conv.channels_out, conv.channels_in, k / conv.channels_in);
    for (int64_t group = 0; group < conv.groups; ++group) {
      IntegerPackArgs args{.b = (turned.empty() ? source : turned.data()) + group * conv.channels_out * k, .ldb = k, .transposed = true};
      args.b_signed = w.dtype() == DType::int8, args.k = depth, args.n = conv.channels_out, args.taps = taps;
      uint8_t* panels = static_cast<uint8_t*>(packed->panels.mutable_raw()) + group * size;
      args.packed = panels;
      pack_panels(args);
      // Every panel begins with the sums of its columns.
      const int64_t panel_bytes = size / ((conv.channels_out + panel - 1) / panel);
      for (int64_t i = 0; i < conv.channels_out; ++i) {
        int32_t sum;
        std::memcpy(&sum, panels + i / panel * panel_bytes + i % panel * 4, 4);
        const size_t channel = size_t(group * conv.channels_out + i);
        packed->sums[channel] = sum - int32_t(k) * packed->zeros[channel];
      }
    }
    bytes = size * conv.groups;
    return packed;
  });
}

/// Weights less their zero points; nothing when some need nine bits.
std::optional<std::vector<int8_t>> centred(const NodeView& n) {
  const Tensor& w = *n.constant(3);
  const int64_t count = w.shape()[0], run = count ? w.size() / count : 0;
  const std::vector<int32_t> zeros = per_channel(n, 5, count);
  const bool is_signed = w.dtype() == DType::int8;
  const uint8_t* bytes = static_cast<const uint8_t*>(w.stored());
  std::vector<int8_t> out(size_t(w.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    const int32_t value = (is_signed ? int8_t(bytes[i]) : bytes[i]) - zeros[i / size_t(run)];
    if (value < -128 || value > 127) return std::nullopt;
    out[i] = int8_t(value);
  }
  return out;
}

Result<std::shared_ptr<const void>> pack_depthwise(const PreparedCodes& p, const std::vector<int8_t>& weights) {
  auto packed = std::make_shared<PackedCodes>();
  const int64_t taps = p.window.kernel[0] * p.window.kernel[1];
  packed->panels = NACRE_TRY(allocate_lasting(DType::uint8, {kernels().depthwise_codes_size(p.groups, taps)}));
  kernels().depthwise_codes_pack({.weights = weights.data(),
                                  .channels = p.groups,
                                  .taps = taps,
                                  .start = p.start.data(),
                                  .units = p.units.data(),
                                  .packed = packed->panels.mutable_raw()});
  return packed;
}

/// x is read as uint8 from here on.
int32_t unsigned_zero(const CodeScale& x) { return x.zero + (x.is_signed ? 128 : 0); }

void place_taps(PreparedCodes& p) {
  const Window& w = p.window;
  // A row of the kernel lies together unless it is dilated.
  const bool whole_rows = !p.depthwise && p.groups == 1 && w.dilation[1] == 1;
  p.depth = p.channels_in * (whole_rows ? w.kernel[1] : 1);
  for (int64_t row = 0; row < w.kernel[0]; ++row)
    for (int64_t column = 0; column < (whole_rows ? 1 : w.kernel[1]); ++column)
      p.offsets.push_back(row * w.dilation[0] * p.pitch + column * w.dilation[1] * p.all_in());
}

void find_starts(const NodeView& n, PreparedCodes& p, const std::vector<int32_t>& sums) {
  const int64_t count = p.all_out();
  const std::vector<int32_t> bias = n.has(8) ? per_channel(n, 8, count) : std::vector<int32_t>(size_t(count));
  std::vector<float> steps(size_t(n.constant(4)->size()));
  load_as<float>(DType::float32, n.constant(4)->raw(), 0, n.constant(4)->size(), steps.data());
  for (size_t i = 0; i < size_t(count); ++i) {
    p.start.push_back(int32_t(uint32_t(bias[i]) - uint32_t(unsigned_zero(p.x)) * uint32_t(sums[i])));
    p.units.push_back(p.x.scale * steps[steps.size() == 1 ? 0 : i] / p.y.scale);
  }
}

Result<PreparedCodes> prepare(const NodeView& n, bool depthwise) {
  PreparedCodes p{NACRE_TRY(read_conv_windows(n, 3))};
  const Window& w = p.window;
  p.x = code_scale(n, 1, n.fact(0).dtype), p.y = code_scale(n, 6, n.fact(7).dtype), p.depthwise = depthwise;
  p.copied = depthwise || p.x.is_signed || reaches_padding(w, 0) || reaches_padding(w, 1);
  const int64_t columns = p.copied ? std::max((w.output[1] - 1) * w.stride[1] + p.extent(1), int64_t{1}) : w.input[1];
  p.pitch = columns * p.all_in();
  p.band = std::max<int64_t>(1, w.output[0]);
  if (p.copied) p.band = std::clamp<int64_t>((kBandBytes / std::max<int64_t>(1, p.pitch) - p.extent(0)) / w.stride[0] + 1, 1, p.band);
  place_taps(p);
  return p;
}

Result<std::shared_ptr<const void>> prepare_dense(const NodeView& n, PackCache& cache) {
  auto out = std::make_shared<PreparedCodes>(NACRE_TRY(prepare(n, false)));
  out->packed = NACRE_TRY(pack_dense(n, *out, int64_t(out->offsets.size()), out->depth, cache));
  find_starts(n, *out, out->weights().sums);
  return out;
}

Result<std::shared_ptr<const void>> prepare_depthwise(const NodeView& n, PackCache&) {
  auto out = std::make_shared<PreparedCodes>(NACRE_TRY(prepare(n, true)));
  const std::optional<std::vector<int8_t>> weights = centred(n);
  const size_t taps = out->offsets.size();
  std::vector<int32_t> sums(size_t(out->groups));
  for (size_t i = 0; i < weights->size(); ++i) sums[i / taps] += (*weights)[i];
  find_starts(n, *out, sums);
  out->packed = NACRE_TRY(pack_depthwise(*out, *weights));
  while (out->offsets.size() % 4 != 0) out->offsets.push_back(out->offsets.back());
  return out;
}

bool matches_conv(const NodeView& n) {
  if (!n.node.op->domain.empty() || n.node.op->name != "QLinearConv" || !is_codes(n.fact(0)) || !has_code_scale(n, 1) ||
      !has_code_scale(n, 6))
    return false;
  const size_t rank = n.fact(0).shape->size();
  const Tensor* w = n.constant(3);
  if ((rank != 3 && rank != 4) || !w || size_t(w->rank()) != rank || w->size() == 0 || !is_codes(n.fact(3))) return false;
  for (size_t i : {4, 5, 8}) {
    if (i == 8 && !n.has(8)) continue;
    const Tensor* values = n.constant(i);
    if (!values || (values->size() != w->shape()[0] && (i == 8 || values->size() != 1))) return false;
  }
  return n.constant(4)->dtype() == DType::float32 && is_codes(n.fact(5)) && (!n.has(8) || n.fact(8).dtype == DType::int32);
}

bool matches_depthwise(const NodeView& n) {
  if (!matches_conv(n)) return false;
  const Shape x = *constant_shape(*n.fact(0).shape);
  const Shape& w = n.constant(3)->shape();
  return x[1] > 1 && w[1] == 1 && w[0] == x[1] && n.attributes().integer("group", 1) == x[1] && centred(n).has_value();
}

// --- the run ---

/// The rows that output rows [begin, end) of one image read, with their padding.
void copy_band(const PreparedCodes& p, const uint8_t* x, int64_t begin, int64_t end, uint8_t* to) {
  const Window& w = p.window;
  const int64_t pixel = p.all_in(), cut = std::clamp<int64_t>(-w.pad_begin[1], 0, w.input[1]);
  const int64_t left = std::clamp<int64_t>(w.pad_begin[1] * pixel, 0, p.pitch),
                filled = std::min((w.input[1] - cut) * pixel, p.pitch - left);
  const int64_t first = begin * w.stride[0] - w.pad_begin[0], rows = p.rows_for(end - begin);
  const int zero = unsigned_zero(p.x);
  for (int64_t row = 0; row < rows; ++row, to += p.pitch) {
    const int64_t source = first + row;
    if (source < 0 || source >= w.input[0]) {
      std::memset(to, zero, size_t(p.pitch));
      continue;
    }
    std::memset(to, zero, size_t(left));
    const uint8_t* from = x + (source * w.input[1] + cut) * pixel;
    if (p.x.is_signed)
      for (int64_t i = 0; i < filled; ++i) to[left + i] = from[i] ^ 0x80;
    else
      std::memcpy(to + left, from, size_t(filled));
    std::memset(to + left + filled, zero, size_t(p.pitch - left - filled));
  }
}

/// One convolution at run time.
struct CodeConv {
  const Call& call;
  const PreparedCodes& p;
  int64_t group_bytes;  // of packed weights
  int64_t threads;      // worth using

  int64_t panels() const { return (p.channels_out + kernels().gemm_panel - 1) / kernels().gemm_panel; }
  const uint8_t* x(int64_t image) const { return call.in<uint8_t>(0) + image * p.in_image(); }
  uint8_t* y(int64_t image, int64_t row) const { return call.out<uint8_t>() + (image * p.window.output[0] + row) * p.out_row(); }

  CodeConvArgs args(int64_t group) const {
    const PackedCodes& w = p.weights();
    const int64_t channel = group * p.channels_out;
    return {.columns = p.window.output[1],
            .x_row = p.row_step(),
            .x_column = p.column_step(),
            .tap_offsets = p.offsets.data(),
            .taps = int64_t(p.offsets.size()),
            .depth = p.depth,
            .weights = static_cast<const uint8_t*>(w.panels.raw()) + group * group_bytes,
            .weight_zeros = w.any_zero ? w.zeros.data() + channel : nullptr,
            .n = p.channels_out,
            .y_row = p.out_row(),
            .y_column = p.all_out(),
            .requantize = {p.start.data() + channel, p.units.data() + channel, p.y.zero, p.y.is_signed}};
  }

  void run_rows(int64_t image, int64_t begin, int64_t end, const uint8_t* x) const {
    if (p.depthwise) return run_depthwise(image, begin, end, x);
    for (int64_t group = 0; group < p.groups; ++group) {
      CodeConvArgs part = args(group);
      part.rows = end - begin, part.x = x + group * p.channels_in, part.y = y(image, begin) + group * p.channels_out;
      kernels().conv_codes(part);
    }
  }
  void run_depthwise(int64_t image, int64_t begin, int64_t end, const uint8_t* x) const {
    kernels().depthwise_codes({.rows = end - begin,
                               .columns = p.window.output[1],
                               .channels = p.groups,
                               .x = x,
                               .x_row = p.row_step(),
                               .x_column = p.column_step(),
                               .tap_offsets = p.offsets.data(),
                               .taps = p.window.kernel[0] * p.window.kernel[1],
                               .packed = p.weights().panels.raw(),
                               .y = y(image, begin),
                               .y_row = p.out_row(),
                               .y_column = p.all_out(),
                               .zero = p.y.zero,
                               .y_signed = p.y.is_signed});
  }
  void run_panels(int64_t image, int64_t begin, int64_t end, const uint8_t* x) const {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t group = panel / panels(), width = kernels().gemm_panel;
      CodeConvArgs part = args(group);
      part.rows = p.window.output[0], part.x = x + group * p.channels_in, part.y = y(image, 0) + group * p.channels_out;
      part.n_begin = panel % panels() * width, part.n_end = std::min(part.n_begin + width, p.channels_out);
      kernels().conv_codes(part);
    }
  }
};

Result<void> run_flat(const CodeConv& c, int64_t images) {
  const int64_t positions = images * c.p.window.output[0] * c.p.window.output[1], tiles = (positions + kTile - 1) / kTile;
  const bool by_panels = c.threads > 1 && tiles < 2 * c.threads;
  const int64_t units = by_panels ? c.panels() : tiles, pieces = c.threads > 1 ? std::min(units, 4 * c.threads) : 1;
  parallel(c.call.context, pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t first = units * piece / pieces, last = units * (piece + 1) / pieces, width = by_panels ? kernels().gemm_panel : kTile;
      for (int64_t group = 0; group < c.p.groups; ++group) {
        CodeConvArgs args = c.args(group);
        args.rows = 1, args.columns = positions;
        args.x = c.x(0) + group * c.p.channels_in, args.y = c.y(0, 0) + group * c.p.channels_out;
        if (by_panels) {
          args.n_begin = first * width, args.n_end = std::min(last * width, c.p.channels_out);
        } else {
          args.columns = std::min(positions, last * width) - first * width;
          args.x += first * width * args.x_column, args.y += first * width * args.y_column;
        }
        kernels().conv_codes(args);
      }
    }
  });
  return {};
}

int64_t band_bytes(const PreparedCodes& p, int64_t rows) {
  return p.copied ? (p.rows_for(rows) * p.pitch + kernels().depthwise_codes_slack + 63) / 64 * 64 : 0;
}

Result<void> run_bands(const CodeConv& c, int64_t images) {
  const PreparedCodes& p = c.p;
  const int64_t rows = p.window.output[0];
  const int64_t share = c.threads > 1 ? std::max<int64_t>(1, rows * images / (4 * c.threads)) : rows, band = std::min(p.band, share);
  const int64_t bands = (rows + band - 1) / band, bytes = band_bytes(p, p.band);
  Tensor scratch = NACRE_TRY(c.call.scratch(workers(c.call.context) * bytes));
  uint8_t* space = static_cast<uint8_t*>(scratch.mutable_raw());
  parallel_with_thread(c.call.context, images * bands, c.threads > 1 ? 1 : images * bands, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t image = piece / bands, first = piece % bands * band, last = std::min(rows, first + band);
      uint8_t* own = space + thread * bytes;
      if (p.copied) copy_band(p, c.x(image), first, last, own);
      c.run_rows(image, first, last, p.copied ? own : c.x(image) + first * p.row_step());
    }
  });
  return {};
}

/// Few positions and many weights: every thread takes some of the output channels, and reads only their weights.
Result<void> run_by_channels(const CodeConv& c, int64_t images) {
  const PreparedCodes& p = c.p;
  const int64_t rows = p.window.output[0], panels = p.groups * c.panels();
  Tensor scratch = NACRE_TRY(c.call.scratch(band_bytes(p, rows)));
  uint8_t* space = static_cast<uint8_t*>(scratch.mutable_raw());
  for (int64_t image = 0; image < images; ++image) {
    if (p.copied) copy_band(p, c.x(image), 0, rows, space);
    parallel(c.call.context, panels, std::max<int64_t>(1, panels / (4 * c.threads)),
             [&](int64_t begin, int64_t end) { c.run_panels(image, begin, end, p.copied ? space : c.x(image)); });
  }
  return {};
}

Result<void> run_conv(const Call& call) {
  const PreparedCodes& p = *static_cast<const PreparedCodes*>(call.prepared);
  if (call.output().size() == 0) return {};
  const int64_t images = call.input(0).shape()[0], taps = int64_t(p.offsets.size());
  const int64_t threads = call.output().size() * taps * p.depth < kWorthSplitting ? 1 : call.context.threads;
  const CodeConv c{call, p, p.depthwise ? 0 : kernels().integer_packed_size(p.depth, p.channels_out, taps), threads};
  if (p.depthwise) return run_bands(c, images);
  const bool whole = !p.copied || p.band == p.window.output[0];
  if (p.is_flat()) return run_flat(c, images);
  if (threads > 1 && whole && p.groups * c.panels() >= 2 * threads && p.groups * c.group_bytes > images * p.in_image())
    return run_by_channels(c, images);
  return run_bands(c, images);
}

// --- pools ---

struct PreparedPool : PoolSpec {
  CodeScale x, y;
};

bool is_average(const NodeView& n) {
  const std::string_view op = n.node.op->name;
  return n.node.op->domain == "nacre" && (op == "QLinearAveragePool" || op == "QLinearGlobalAveragePool");
}

bool matches_pool(const NodeView& n) {
  const bool is_max = n.node.op->domain.empty() && n.node.op->name == "MaxPool" && !n.node.has_output(1);
  if ((!is_max && !is_average(n)) || !is_codes(n.fact(0)) || n.attributes().integer("ceil_mode", 0) != 0) return false;
  const size_t rank = n.fact(0).shape->size();
  return (rank == 3 || rank == 4) && (is_max || (has_code_scale(n, 1) && has_code_scale(n, 3)));
}

Result<std::shared_ptr<const void>> prepare_pool(const NodeView& n, PackCache&) {
  auto out = std::make_shared<PreparedPool>();
  if (n.node.op->name == "QLinearGlobalAveragePool") {
    const Shape x = *constant_shape(*n.fact(0).shape);
    for (size_t axis = 2; axis < x.size(); ++axis)
      out->window.input[axis + 2 - x.size()] = out->window.kernel[axis + 2 - x.size()] = x[axis];
    out->pooling = Pooling::average;
  } else {
    static_cast<PoolSpec&>(*out) = NACRE_TRY(read_pool(n));
  }
  out->x.is_signed = n.fact(0).dtype == DType::int8;
  if (is_average(n)) out->x = code_scale(n, 1, n.fact(0).dtype), out->y = code_scale(n, 3, n.fact(0).dtype);
  return out;
}

Result<void> run_pool(const Call& call) {
  const PreparedPool& p = *static_cast<const PreparedPool*>(call.prepared);
  if (call.output().size() == 0) return {};
  const Shape& shape = call.input(0).shape();
  const int64_t channels = shape[1], in_image = p.window.input[0] * p.window.input[1] * channels,
                out_image = p.window.output[0] * p.window.output[1] * channels, rows = p.window.output[0];
  Tensor scratch = NACRE_TRY(call.scratch(workers(call.context) * channels * 4));
  int32_t* sums = static_cast<int32_t*>(scratch.mutable_raw());
  parallel_with_thread(call.context, shape[0] * rows, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t item = begin; item < end; ++item)
      kernels().pool_codes({.window = p.window,
                            .pooling = p.pooling,
                            .x = call.in<uint8_t>(0) + item / rows * in_image,
                            .y = call.out<uint8_t>() + item / rows * out_image,
                            .channels = channels,
                            .row_begin = item % rows,
                            .row_end = item % rows + 1,
                            .x_scale = p.x,
                            .y_scale = p.y,
                            .sums = sums + thread * channels});
  });
  return {};
}

}  // namespace

extern const Kernel kernel_conv_codes, kernel_depthwise_codes, kernel_pool_codes;
const Kernel kernel_conv_codes{"conv_codes", matches_conv, run_conv, prepare_dense, {.images = 1, .starts = true}};
const Kernel kernel_depthwise_codes{"depthwise_codes", matches_depthwise, run_conv, prepare_depthwise, {.images = 1, .starts = true}};
const Kernel kernel_pool_codes{"pool_codes", matches_pool, run_pool, prepare_pool, {.images = 1, .starts = true}};

}  // namespace nacre::native
