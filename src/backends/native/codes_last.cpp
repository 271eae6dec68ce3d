// Convolutions of 8-bit codes with channels last, dense, grouped and depthwise: QLinearConv and nacre.QLinearConvAdd, which give codes,
// ConvInteger and nacre.IntegerConv, which give sums and floats and know x's scale and zero point in a run alone. Dense convolutions
// read uint8 codes in place where no window reaches into padding; otherwise a band of rows is copied first, with padding of x's zero
// point, and int8 codes flipped to uint8.
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
constexpr size_t kResidualOfCodes = 9, kResidualOfSums = 7;
constexpr uint32_t kImageInputs = 1 | 1u << kResidualOfCodes, kImageInputsOfSums = 1 | 1u << kResidualOfSums;

bool is(const NodeView& n, std::string_view domain, std::string_view op) { return n.node.op->domain == domain && n.node.op->name == op; }
bool adds_codes(const NodeView& n) { return is(n, "nacre", "QLinearConvAdd"); }
bool gives_codes(const NodeView& n) { return is(n, "", "QLinearConv") || adds_codes(n); }
bool gives_sums(const NodeView& n) { return is(n, "", "ConvInteger") || is(n, "nacre", "IntegerConv"); }

/// Inputs of a node: its weights, and their zero points, which may be absent.
struct Places {
  size_t weights, zeros;
};
Places places_of(const NodeView& n) { return gives_sums(n) ? Places{1, 3} : Places{3, 5}; }

struct PackedCodes {
  Tensor panels;               // one after the other for every group
  std::vector<int32_t> sums;   // of each output channel's weights, less their zero point
  std::vector<int32_t> zeros;  // of each output channel's weights as they are packed
  bool any_zero = false;
};

struct PreparedCodes : ConvSpec {
  CodeScale x, y;  // x's scale and zero point, y's: where codes are given
  CodeResidual residual;
  bool copied = false, depthwise = false, sums = false;
  int64_t depth = 0, taps = 0;   // bytes that lie together at every tap
  std::vector<int64_t> offsets;  // of the taps, and of some more for whole groups of them
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
  if (!n.has(i)) return std::vector<int32_t>(size_t(count));
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
  const auto [weights, zeros] = places_of(n);
  PackedCodes out{.panels = {}, .sums = std::vector<int32_t>(size_t(count)), .zeros = per_channel(n, zeros, count)};
  for (int32_t& zero : out.zeros) {
    if (n.fact(weights).dtype == DType::uint8) zero -= 128;
    out.any_zero = out.any_zero || zero != 0;
  }
  return out;
}

std::string key_of(const NodeView& n, const ConvSpec& conv, std::string_view kind) {
  const size_t zeros = places_of(n).zeros;
  return cat(kind, " ", conv.groups, " of ", n.has(zeros) ? reinterpret_cast<uintptr_t>(n.constant(zeros)->stored()) : 0);
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
  const Tensor& w = *n.constant(places_of(n).weights);
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

/// Weights [channels, taps] less their zero points. What needs nine bits is a sum of weights at the same tap, given `repeats` times.
struct DepthwiseWeights {
  std::vector<int8_t> values;  // [channels, repeats, taps]
  int64_t repeats = 0;
};
DepthwiseWeights centred(const NodeView& n, int64_t channels, int64_t taps) {
  const auto [weights, zero_input] = places_of(n);
  const Tensor& w = *n.constant(weights);
  const std::vector<int32_t> zeros = per_channel(n, zero_input, channels);
  std::vector<int64_t> rest(size_t(w.size()));
  load_as<int64_t>(w.dtype(), w.stored(), 0, w.size(), rest.data());
  for (size_t i = 0; i < rest.size(); ++i) rest[i] -= zeros[i / size_t(taps)];
  DepthwiseWeights out;
  for (const int64_t value : rest) out.repeats = std::max<int64_t>({out.repeats, 1, (value + 126) / 127, (127 - value) / 128});
  out.values.resize(rest.size() * size_t(out.repeats));
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t part = 0; part < out.repeats; ++part) {
        int64_t& left = rest[size_t(channel * taps + tap)];
        const int64_t value = std::clamp<int64_t>(left, -128, 127);
        out.values[size_t((channel * out.repeats + part) * taps + tap)] = int8_t(value), left -= value;
      }
  return out;
}

/// `sums`: of each channel's weights.
Result<std::shared_ptr<const void>> pack_depthwise(const PreparedCodes& p, const DepthwiseWeights& weights, std::vector<int32_t> sums) {
  auto packed = std::make_shared<PackedCodes>();
  packed->panels = NACRE_TRY(allocate_lasting(DType::uint8, {kernels().depthwise_codes_size(p.groups, p.taps)}));
  const std::vector<int32_t> none(size_t(p.groups));
  kernels().depthwise_codes_pack({.weights = weights.values.data(),
                                  .channels = p.groups,
                                  .taps = p.taps,
                                  .start = p.sums ? none.data() : p.start.data(),
                                  .units = p.sums ? reinterpret_cast<const float*>(none.data()) : p.units.data(),
                                  .packed = packed->panels.mutable_raw()});
  sums.resize(sums.size() + size_t(kernels().gemm_panel));
  packed->sums = std::move(sums);
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
  p.taps = int64_t(p.offsets.size());
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
  PreparedCodes p{NACRE_TRY(read_conv_windows(n, places_of(n).weights))};
  const Window& w = p.window;
  p.depthwise = depthwise, p.sums = gives_sums(n), p.x.is_signed = n.fact(0).dtype == DType::int8;
  if (p.sums)
    p.activation = fused_activation_of(n), p.residual_after = n.attributes().integer("residual_after", 0) != 0;
  else
    p.x = code_scale(n, 1, n.fact(0).dtype), p.y = code_scale(n, 6, n.fact(7).dtype);
  if (adds_codes(n))
    p.residual = {nullptr, code_scale(n, kResidualOfCodes + 1, n.fact(kResidualOfCodes).dtype), p.y,
                  code_scale(n, kResidualOfCodes + 3, n.fact(kResidualOfCodes + 4).dtype)};
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
  out->packed = NACRE_TRY(pack_dense(n, *out, out->taps, out->depth, cache));
  if (!out->sums) find_starts(n, *out, out->weights().sums);
  return out;
}

Result<std::shared_ptr<const void>> prepare_depthwise(const NodeView& n, PackCache&) {
  auto out = std::make_shared<PreparedCodes>(NACRE_TRY(prepare(n, true)));
  const DepthwiseWeights weights = centred(n, out->groups, out->taps);
  const std::vector<int64_t> once = out->offsets;
  for (int64_t part = 1; part < weights.repeats; ++part) out->offsets.insert(out->offsets.end(), once.begin(), once.end());
  out->taps = int64_t(out->offsets.size());
  std::vector<int32_t> sums(size_t(out->groups));
  for (size_t i = 0; i < weights.values.size(); ++i) sums[i / size_t(out->taps)] += weights.values[i];
  if (!out->sums) find_starts(n, *out, sums);
  out->packed = NACRE_TRY(pack_depthwise(*out, weights, std::move(sums)));
  while (out->offsets.size() % 4 != 0) out->offsets.push_back(out->offsets.back());
  return out;
}

bool is_one(const NodeView& n, size_t i) { return element_count(*constant_shape(*n.fact(i).shape)) == 1; }

/// Input `i` is absent, or of `dtypes` and has one number or one for each of `count` channels.
bool is_parameter(const NodeView& n, size_t i, int64_t count, TypeSet dtypes) {
  return !n.has(i) || (dtypes.has(n.fact(i).dtype) && (is_one(n, i) || *constant_shape(*n.fact(i).shape) == Shape{count}));
}

bool matches_conv(const NodeView& n) {
  const auto [weights, zeros] = places_of(n);
  const size_t rank = n.fact(0).shape->size();
  const Tensor* w = n.constant(weights);
  if ((rank != 3 && rank != 4) || !is_codes(n.fact(0)) || !w || size_t(w->rank()) != rank || w->size() == 0 || !is_codes(n.fact(weights)))
    return false;
  return (!n.has(zeros) || n.constant(zeros)) && is_parameter(n, zeros, w->shape()[0], {DType::int8, DType::uint8});
}

bool lies_as_result(const NodeView& n, size_t i) {
  return *constant_shape(*n.fact(i).shape) == *constant_shape(*n.graph.fact(n.node.outputs[0]).shape);
}

bool has_code_residual(const NodeView& n) {
  constexpr size_t kScale = kResidualOfCodes + 1, kSum = kResidualOfCodes + 3;
  for (size_t i = kResidualOfCodes; i <= kSum + 1; ++i)
    if (!n.has(i)) return false;
  return is_codes(n.fact(kResidualOfCodes)) && lies_as_result(n, kResidualOfCodes) && has_code_scale(n, kScale) &&
         has_code_scale(n, kSum) && n.fact(kSum + 1).dtype == n.fact(7).dtype;
}

bool matches_codes(const NodeView& n) {
  if (!gives_codes(n) || !matches_conv(n) || !has_code_scale(n, 1) || !has_code_scale(n, 6)) return false;
  const int64_t count = n.constant(3)->shape()[0];
  if (adds_codes(n) && !has_code_residual(n)) return false;
  const Tensor* bias = n.has(8) ? n.constant(8) : nullptr;
  return n.constant(4) && is_parameter(n, 4, count, {DType::float32}) &&
         (!n.has(8) || (bias && bias->dtype() == DType::int32 && bias->size() == count));
}

bool matches_sums(const NodeView& n) {
  if (!gives_sums(n) || !matches_conv(n) || (n.has(2) && (!is_codes(n.fact(2)) || !is_one(n, 2)))) return false;
  const int64_t count = n.constant(1)->shape()[0];
  if (n.has(6) && (n.fact(6).dtype != DType::float32 || *constant_shape(*n.fact(6).shape) != Shape{count})) return false;
  if (n.has(kResidualOfSums) && (n.fact(kResidualOfSums).dtype != DType::float32 || !lies_as_result(n, kResidualOfSums))) return false;
  return is_parameter(n, 4, count, {DType::float32}) && is_parameter(n, 5, count, {DType::float32});
}

bool is_depthwise(const NodeView& n) {
  const Shape x = *constant_shape(*n.fact(0).shape);
  const Shape& w = n.constant(places_of(n).weights)->shape();
  return x[1] > 1 && w[1] == 1 && w[0] == x[1] && n.attributes().integer("group", 1) == x[1];
}
bool matches_depthwise_codes(const NodeView& n) { return !adds_codes(n) && matches_codes(n) && is_depthwise(n); }
bool matches_depthwise_sums(const NodeView& n) { return matches_sums(n) && is_depthwise(n); }

// --- the run ---

/// The rows that output rows [begin, end) of one image read, with their padding.
void copy_band(const PreparedCodes& p, int32_t zero, const uint8_t* x, int64_t begin, int64_t end, uint8_t* to) {
  const Window& w = p.window;
  const int64_t pixel = p.all_in(), cut = std::clamp<int64_t>(-w.pad_begin[1], 0, w.input[1]);
  const int64_t left = std::clamp<int64_t>(w.pad_begin[1] * pixel, 0, p.pitch),
                filled = std::min((w.input[1] - cut) * pixel, p.pitch - left);
  const int64_t first = begin * w.stride[0] - w.pad_begin[0], rows = p.rows_for(end - begin);
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
  int64_t group_bytes;     // of packed weights
  int64_t threads;         // worth using
  int32_t x_zero;          // of x as uint8
  IntegerGemmArgs finish;  // where sums are given: of all channels

  int64_t panels() const { return (p.channels_out + kernels().gemm_panel - 1) / kernels().gemm_panel; }
  const uint8_t* x(int64_t image) const { return call.in<uint8_t>(0) + image * p.in_image(); }

  /// What a group's channels need; `at`: the first element of the result that is to be made, less its group's first channel.
  template <class Args>
  void place(Args& args, int64_t group, int64_t at) const {
    const int64_t channel = group * p.channels_out;
    at += channel;
    args.finishes = p.sums;
    if (!p.sums) {
      args.y = call.out<uint8_t>() + at;
      return;
    }
    args.finish = finish;
    args.finish.c = call.out<int32_t>() + at;
    IntegerEpilogue& e = args.finish.epilogue;
    if (e.column_scales) e.column_scales += channel;
    if (e.floats.bias_columns) e.floats.bias_columns += channel;
    if (e.floats.residual) e.floats.residual += at;
    if (args.finish.b_zero_points) args.finish.b_zero_points += channel;
  }

  CodeConvArgs args(int64_t group, int64_t at) const {
    const PackedCodes& w = p.weights();
    const int64_t channel = group * p.channels_out;
    CodeConvArgs out{.columns = p.window.output[1],
                     .x_row = p.row_step(),
                     .x_column = p.column_step(),
                     .tap_offsets = p.offsets.data(),
                     .taps = p.taps,
                     .depth = p.depth,
                     .weights = static_cast<const uint8_t*>(w.panels.raw()) + group * group_bytes,
                     .weight_zeros = w.any_zero ? w.zeros.data() + channel : nullptr,
                     .n = p.channels_out,
                     .y_row = p.out_row(),
                     .y_column = p.all_out()};
    place(out, group, at);
    if (p.sums) return out;
    out.requantize = {p.start.data() + channel, p.units.data() + channel, p.y.zero, p.y.is_signed};
    out.residual = p.residual;
    if (call.has(kResidualOfCodes)) out.residual.codes = call.in<uint8_t>(kResidualOfCodes) + at + channel;
    return out;
  }
  /// The first element of an output row.
  int64_t place_of(int64_t image, int64_t row) const { return (image * p.window.output[0] + row) * p.out_row(); }

  void run_rows(int64_t image, int64_t begin, int64_t end, const uint8_t* x) const {
    if (p.depthwise) return run_depthwise(image, begin, end, x);
    for (int64_t group = 0; group < p.groups; ++group) {
      CodeConvArgs part = args(group, place_of(image, begin));
      part.rows = end - begin, part.x = x + group * p.channels_in;
      kernels().conv_codes(part);
    }
  }
  void run_depthwise(int64_t image, int64_t begin, int64_t end, const uint8_t* x) const {
    DepthwiseCodesArgs args{.rows = end - begin,
                            .columns = p.window.output[1],
                            .channels = p.groups,
                            .x = x,
                            .x_row = p.row_step(),
                            .x_column = p.column_step(),
                            .tap_offsets = p.offsets.data(),
                            .taps = p.taps,
                            .packed = p.weights().panels.raw(),
                            .y_row = p.out_row(),
                            .y_column = p.all_out(),
                            .zero = p.y.zero,
                            .y_signed = p.y.is_signed};
    place(args, 0, place_of(image, begin));
    args.weight_sums = p.weights().sums.data();
    kernels().depthwise_codes(args);
  }
  void run_panels(int64_t image, int64_t begin, int64_t end, const uint8_t* x) const {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t group = panel / panels(), width = kernels().gemm_panel;
      CodeConvArgs part = args(group, place_of(image, 0));
      part.rows = p.window.output[0], part.x = x + group * p.channels_in;
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
        const int64_t position = by_panels ? 0 : first * width;
        CodeConvArgs args = c.args(group, position * c.p.all_out());
        args.rows = 1, args.columns = by_panels ? positions : std::min(positions, last * width) - position;
        args.x = c.x(0) + group * c.p.channels_in + position * args.x_column;
        if (by_panels) args.n_begin = first * width, args.n_end = std::min(last * width, c.p.channels_out);
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
      if (p.copied) copy_band(p, c.x_zero, c.x(image), first, last, own);
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
    if (p.copied) copy_band(p, c.x_zero, c.x(image), 0, rows, space);
    parallel(c.call.context, panels, std::max<int64_t>(1, panels / (4 * c.threads)),
             [&](int64_t begin, int64_t end) { c.run_panels(image, begin, end, p.copied ? space : c.x(image)); });
  }
  return {};
}

/// Products of x's and the weights' scales for all channels, in float as the node that made them did it.
Result<Tensor> units_of_sums(const Call& call, int64_t count) {
  Tensor out = NACRE_TRY(call.scratch(count * 4));
  float* units = static_cast<float*>(out.mutable_raw());
  std::fill(units, units + count, 1.0f);
  for (size_t i : {4, 5}) {
    const float* scale = call.in(i);
    for (int64_t channel = 0; scale && channel < count; ++channel) units[channel] *= scale[call.input(i).size() == 1 ? 0 : channel];
  }
  return out;
}

void finish_sums(CodeConv& c, const Tensor& units) {
  const PackedCodes& w = c.p.weights();
  c.x_zero = unsigned_zero({.zero = c.call.has(2) ? int32_t(first_integer(c.call.input(2))) : 0, .is_signed = c.p.x.is_signed});
  c.finish.a_zero_point = c.x_zero;
  if (w.any_zero) c.finish.b_zero_points = w.zeros.data();  // packed, weights are int8
  if (c.call.output().dtype() == DType::int32) return;
  IntegerEpilogue& e = c.finish.epilogue;
  e.output = IntegerOutput::float32, e.column_scales = static_cast<const float*>(units.raw());
  e.floats = c.p.activation.in(
      {.bias_columns = c.call.in(6), .residual = c.call.in(kResidualOfSums), .residual_after_activation = c.p.residual_after});
}

Result<void> run_conv(const Call& call) {
  const PreparedCodes& p = *static_cast<const PreparedCodes*>(call.prepared);
  if (call.output().size() == 0) return {};
  const int64_t images = call.input(0).shape()[0];
  const int64_t threads = call.output().size() * p.taps * p.depth < kWorthSplitting ? 1 : call.context.threads;
  CodeConv c{call, p, p.depthwise ? 0 : kernels().integer_packed_size(p.depth, p.channels_out, p.taps), threads, unsigned_zero(p.x), {}};
  Tensor units;
  if (p.sums) units = NACRE_TRY(units_of_sums(call, p.all_out())), finish_sums(c, units);
  if (p.depthwise) return run_bands(c, images);
  const bool whole = !p.copied || p.band == p.window.output[0];
  if (p.is_flat()) return run_flat(c, images);
  if (threads > 1 && whole && p.groups * c.panels() >= 2 * threads && p.groups * c.group_bytes > images * p.in_image())
    return run_by_channels(c, images);
  return run_bands(c, images);
}

}  // namespace

extern const Kernel kernel_conv_codes, kernel_depthwise_codes, kernel_conv_sums, kernel_depthwise_sums;
const Kernel kernel_conv_codes{"conv_codes", matches_codes, run_conv, prepare_dense, {.images = kImageInputs, .starts = true}};
const Kernel kernel_depthwise_codes{
    "depthwise_codes", matches_depthwise_codes, run_conv, prepare_depthwise, {.images = kImageInputs, .starts = true}};
const Kernel kernel_conv_sums{"conv_integer", matches_sums, run_conv, prepare_dense, {.images = kImageInputsOfSums, .starts = true}};
const Kernel kernel_depthwise_sums{
    "depthwise_integer", matches_depthwise_sums, run_conv, prepare_depthwise, {.images = kImageInputsOfSums, .starts = true}};

}  // namespace nacre::native
