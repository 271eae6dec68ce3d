#include "ops/windows.h"

#include <algorithm>

namespace nacre {
namespace {

constexpr int64_t kLargest = INT32_MAX;  // of any attribute, so that products of two fit

Result<std::vector<int64_t>> read_list(const Attributes& attributes, std::string_view name, size_t count, int64_t otherwise,
                                       int64_t least) {
  std::vector<int64_t> out = attributes.integers(name);
  if (out.empty()) out.assign(count, otherwise);
  if (out.size() != count) return fail(ErrorCode::invalid_model, name, " has ", out.size(), " elements, expected ", count);
  for (int64_t value : out)
    if (value < least || value > kLargest) return fail(ErrorCode::invalid_model, name, " ", out, ": expected at least ", least);
  return out;
}

int64_t same_padding(const Windows& windows, size_t axis, int64_t input) {
  const int64_t outputs = (input + windows.strides[axis] - 1) / windows.strides[axis];
  return std::max<int64_t>(0, (outputs - 1) * windows.strides[axis] + windows.extent(axis) - input);
}

}  // namespace

int64_t Windows::taps() const {
  int64_t out = 1;
  for (int64_t size : kernel) out *= size;
  return out;
}

SymDim Windows::output(size_t axis, const SymDim& input) const {
  const int64_t stride = strides[axis];
  if (auto_pad == AutoPad::same_upper || auto_pad == AutoPad::same_lower) return ceil_div(input, stride);
  const bool none = auto_pad == AutoPad::valid;
  const int64_t begin = none ? 0 : pads[axis], end = none ? 0 : pads[rank() + axis];
  const SymDim slack = input + SymDim(begin + end - extent(axis));
  if (!ceil_mode) return floor_div(slack, stride) + SymDim(1);
  // A window that would start in the padding at the end is left out.
  return min(ceil_div(slack, stride), floor_div(input + SymDim(begin - 1), stride)) + SymDim(1);
}

Windows::Pads Windows::pads_of(size_t axis, int64_t input) const {
  if (auto_pad == AutoPad::none) return {pads[axis], pads[rank() + axis]};
  if (auto_pad == AutoPad::valid) return {0, 0};
  const int64_t total = same_padding(*this, axis, input), less = total / 2;
  return auto_pad == AutoPad::same_upper ? Pads{less, total - less} : Pads{total - less, less};
}

Result<AutoPad> read_auto_pad(const Attributes& attributes) {
  const std::string name = attributes.string("auto_pad", "NOTSET");
  if (name == "NOTSET" || name.empty()) return AutoPad::none;
  if (name == "SAME_UPPER") return AutoPad::same_upper;
  if (name == "SAME_LOWER") return AutoPad::same_lower;
  if (name == "VALID") return AutoPad::valid;
  return fail(ErrorCode::invalid_model, "auto_pad '", name, "' is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID");
}

Result<Windows> read_windows(const Attributes& attributes, size_t rank, std::span<const int64_t> kernel) {
  Windows out;
  out.kernel = attributes.integers("kernel_shape");
  if (out.kernel.empty()) out.kernel.assign(kernel.begin(), kernel.end());
  if (!kernel.empty() && !std::equal(out.kernel.begin(), out.kernel.end(), kernel.begin(), kernel.end()))
    return fail(ErrorCode::invalid_model, "kernel_shape ", out.kernel, " against weights of ", kernel);
  if (out.kernel.size() != rank)
    return fail(ErrorCode::invalid_model, "a kernel of ", out.kernel.size(), " axes for ", rank, " spatial ones");
  for (int64_t size : out.kernel)
    if (size < 1 || size > kLargest) return fail(ErrorCode::invalid_model, "kernel_shape ", out.kernel, ": expected at least 1");
  out.strides = NACRE_TRY(read_list(attributes, "strides", rank, 1, 1));
  out.dilations = NACRE_TRY(read_list(attributes, "dilations", rank, 1, 1));
  out.pads = NACRE_TRY(read_list(attributes, "pads", 2 * rank, 0, 0));
  out.auto_pad = NACRE_TRY(read_auto_pad(attributes));
  out.ceil_mode = attributes.integer("ceil_mode", 0) != 0;
  if (const auto taps = checked_count(out.kernel); !taps) return std::unexpected(taps.error());
  return out;
}

Result<SymShape> windowed_shape(const Windows& windows, const SymShape& input, const SymDim& channels) {
  SymShape out{input[0], channels};
  for (size_t axis = 0; axis < windows.rank(); ++axis) {
    const SymDim dim = windows.output(axis, input[axis + 2]);
    if (dim.is_constant() && *dim.constant() < 0)
      return fail(ErrorCode::invalid_argument, "no window of ", windows.extent(axis), " fits into axis ", axis + 2, " of ", input);
    out.push_back(dim);
  }
  return out;
}

Result<WindowGrid> lay_windows(Windows windows, const Shape& input) {
  WindowGrid grid;
  grid.input.assign(input.begin() + 2, input.end());
  const SymShape out = NACRE_TRY(windowed_shape(windows, symbolic(input), 1));
  for (size_t axis = 0; axis < windows.rank(); ++axis) {
    const Windows::Pads pads = windows.pads_of(axis, grid.input[axis]);
    grid.begin.push_back(pads.begin), grid.end.push_back(pads.end);
    if (!out[axis + 2].is_constant()) return fail(ErrorCode::resource_exhausted, "the output's axis ", axis + 2, " overflows 64 bits");
    grid.output.push_back(*out[axis + 2].constant());
  }
  grid.outputs = NACRE_TRY(checked_count(grid.output));
  grid.inputs = NACRE_TRY(checked_count(grid.input));
  grid.windows = std::move(windows);
  return grid;
}

void WindowGrid::offsets(int64_t first, int64_t count, int64_t* offsets) const {
  const int64_t taps = windows.taps();
  const size_t rank = windows.rank();
  std::fill_n(offsets, taps * count, 0);
  // Axis by axis: offset = offset * size + position, and once outside always outside.
  int64_t tap_step = taps, window_step = outputs;
  for (size_t axis = 0; axis < rank; ++axis) {
    tap_step /= windows.kernel[axis], window_step /= output[axis];
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t shift = tap / tap_step % windows.kernel[axis] * windows.dilations[axis] - begin[axis];
      int64_t* row = offsets + tap * count;
      for (int64_t i = 0; i < count; ++i) {
        const int64_t position = (first + i) / window_step % output[axis] * windows.strides[axis] + shift;
        row[i] = row[i] < 0 || position < 0 || position >= input[axis] ? -1 : row[i] * input[axis] + position;
      }
    }
  }
}

int64_t WindowGrid::padded_taps(int64_t window) const {
  int64_t out = 1;
  for (size_t axis = windows.rank(); axis-- > 0; window /= output[axis]) {
    const int64_t start = window % output[axis] * windows.strides[axis], room = input[axis] + begin[axis] + end[axis] - start;
    out *= std::min(windows.kernel[axis], (room + windows.dilations[axis] - 1) / windows.dilations[axis]);
  }
  return out;
}

int64_t WindowGrid::block(int64_t rows) const { return std::clamp<int64_t>((int64_t{1} << 17) / std::max<int64_t>(rows, 1), 8, 1024); }

Result<void> infer_pool(Inference& inference) {
  const SymShape* x = inference.shape(0);
  const DType dtype = inference.dtype(0);
  inference.set(0, dtype);
  inference.set(1, DType::int64);
  if (!x) return {};
  if (x->size() < 3) return fail(ErrorCode::invalid_argument, "takes [n, c, ...] with a spatial axis, not ", *x);
  const Windows windows = NACRE_TRY(read_windows(inference.attributes(), x->size() - 2, {}));
  const SymShape y = NACRE_TRY(windowed_shape(windows, *x, (*x)[1]));
  inference.set(0, dtype, y);
  inference.set(1, DType::int64, y);
  return {};
}

}  // namespace nacre
