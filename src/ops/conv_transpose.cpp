// ConvTranspose: the gradient of Conv with respect to its input: each input element adds its kernel into the output.
// https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
#include "ops/convolution.h"

namespace nacre {
namespace {

struct Spread {
  SymShape output;                 // spatial
  std::vector<int64_t> pad_begin;  // where the spatial sizes are constant
};

// output_shape wins, then SAME_*, then pads.
Result<Spread> spread(const Attributes& attributes, const Windows& windows, const SymShape& x) {
  const size_t rank = windows.rank();
  const std::vector<int64_t> extra = attributes.integers("output_padding"), wanted = attributes.integers("output_shape");
  if (!extra.empty() && extra.size() != rank)
    return fail(ErrorCode::invalid_model, "output_padding ", extra, " for ", rank, " spatial axes");
  // Some writers include batch and channels.
  if (!wanted.empty() && wanted.size() != rank && wanted.size() != rank + 2)
    return fail(ErrorCode::invalid_model, "output_shape ", wanted, " for ", rank, " spatial axes");
  const bool same = windows.auto_pad == AutoPad::same_upper || windows.auto_pad == AutoPad::same_lower;
  Spread out;
  for (size_t axis = 0; axis < rank; ++axis) {
    const int64_t stride = windows.strides[axis], added = extra.empty() ? 0 : extra[axis];
    const SymDim full = SymDim(stride) * (x[axis + 2] - SymDim(1)) + SymDim(added + windows.extent(axis));
    const bool explicit_pads = wanted.empty() && !same;
    SymDim size = wanted.empty() ? x[axis + 2] * SymDim(stride) : SymDim(wanted[wanted.size() - rank + axis]);
    int64_t begin = windows.auto_pad == AutoPad::valid ? 0 : windows.pads[axis];
    if (explicit_pads)
      size = windows.auto_pad == AutoPad::valid ? full : full - SymDim(begin + windows.pads[rank + axis]);
    else if (const std::optional<int64_t> total = (full - size).constant())
      begin = windows.auto_pad == AutoPad::same_upper ? std::max<int64_t>(*total, 0) / 2
                                                      : std::max<int64_t>(*total, 0) - std::max<int64_t>(*total, 0) / 2;
    if (size.is_constant() && *size.constant() < 0)
      return fail(ErrorCode::invalid_argument, "pads leave ", size, " elements along axis ", axis + 2);
    out.output.push_back(size), out.pad_begin.push_back(begin);
  }
  return out;
}

Result<void> check(const SymShape& x, const SymShape& w, int64_t groups) {
  if (x.size() < 3 || w.size() != x.size())
    return fail(ErrorCode::invalid_argument, "takes [n, c, ...] and weights of the same rank, not ", x, " and ", w);
  if (groups < 1 || (x[1].is_constant() && *x[1].constant() % groups != 0))
    return fail(ErrorCode::invalid_model, x[1], " channels in ", groups, " groups");
  if (x[1].differs(w[0])) return fail(ErrorCode::invalid_argument, x, " has ", x[1], " channels, weights ", w, " take ", w[0]);
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *w = inference.shape(1);
  inference.set(0, inference.dtype(0));
  if (!x || !w) return {};
  const int64_t groups = inference.attributes().integer("group", 1);
  NACRE_TRY(check(*x, *w, groups));
  SymShape y = inference.fresh_shape(x->size());
  y[0] = (*x)[0], y[1] = (*w)[1] * SymDim(groups);
  const std::optional<Shape> kernel = constant_shape(SymShape(w->begin() + 2, w->end()));
  if (kernel || inference.attributes().has("kernel_shape")) {
    const Windows windows = NACRE_TRY(read_windows(inference.attributes(), x->size() - 2, kernel.value_or(Shape())));
    const Spread s = NACRE_TRY(spread(inference.attributes(), windows, *x));
    std::copy(s.output.begin(), s.output.end(), y.begin() + 2);
  }
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

// sums[m * taps, pixels] of one group's block are added where each tap lands.
void scatter(const double* sums, std::span<const int64_t> offsets, int64_t channels, int64_t plane, double* y) {
  for (int64_t channel = 0; channel < channels; ++channel, y += plane)
    for (int64_t offset : offsets) {
      const double sum = *sums++;
      if (offset >= 0) y[offset] += sum;
    }
}

// The windows are those of the convolution this one transposes: its input is our output.
WindowGrid transposed_grid(const Windows& windows, const Shape& x, const Spread& s) {
  WindowGrid grid;
  grid.windows = windows;
  grid.input = *constant_shape(s.output);
  grid.output.assign(x.begin() + 2, x.end());
  grid.begin = s.pad_begin;
  for (int64_t size : grid.output) grid.outputs *= size;
  return grid;
}

template <class T>
Result<void> accumulate(Evaluation& e, const WindowGrid& grid, int64_t out, int64_t plane, double* y) {
  const Shape& shape = e.shape(0);
  const int64_t groups = e.attributes().integer("group", 1), in = shape[1] / groups, taps = grid.windows.taps(), rows = out * taps;
  const int64_t pixels = grid.outputs, block = grid.block(rows);
  std::vector<T> left, right;
  const T *x = elements_as<T>(e.input(0), left), *w = elements_as<T>(e.input(1), right);
  Tensor sums = NACRE_TRY(e.scratch(DType::float64, {rows, std::min(block, pixels)}));
  double* products = static_cast<double*>(sums.mutable_raw());
  Tensor table = NACRE_TRY(e.scratch(DType::int64, {taps, std::min(block, pixels)}));
  int64_t* offsets = static_cast<int64_t*>(table.mutable_raw());
  for (int64_t first = 0; first < pixels; first += block) {
    const int64_t count = std::min(block, pixels - first);
    NACRE_TRY(e.checkpoint());
    grid.offsets(first, count, offsets);
    for (int64_t group = 0; group < shape[0] * groups; ++group) {
      contract(MatrixView<T>{w + group % groups * in * rows, 1, rows}, x + group * in * pixels + first, pixels, rows, in, count, products,
               count);
      scatter(products, {offsets, static_cast<size_t>(taps * count)}, out, plane, y + group * out * plane);
    }
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape &x = e.shape(0), &w = e.shape(1);
  const int64_t groups = e.attributes().integer("group", 1);
  NACRE_TRY(check(symbolic(x), symbolic(w), groups));
  const Windows windows = NACRE_TRY(read_windows(e.attributes(), x.size() - 2, std::span(w).subspan(2)));
  const Spread s = NACRE_TRY(spread(e.attributes(), windows, symbolic(x)));
  if (!constant_shape(s.output)) return fail(ErrorCode::resource_exhausted, "the output's size overflows 64 bits");
  Shape shape{x[0], NACRE_TRY(checked_mul(w[1], groups))};
  for (const SymDim& dim : s.output) shape.push_back(*dim.constant());
  const int64_t plane = NACRE_TRY(checked_count(std::span(shape).subspan(2)));
  NACRE_TRY(check_bias(e, 2, shape[1]));
  Tensor* y = NACRE_TRY(e.output(0, shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, shape));
  double* sums = static_cast<double*>(wide.mutable_raw());
  std::fill_n(sums, wide.size(), 0.0);
  const WindowGrid grid = transposed_grid(windows, x, s);
  if (e.dtype(0) == DType::float64)
    NACRE_TRY(accumulate<double>(e, grid, w[1], plane, sums));
  else
    NACRE_TRY(accumulate<float>(e, grid, w[1], plane, sums));
  NACRE_TRY(add_bias(e, 2, shape[0], shape[1], plane, sums));
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), sums);
  return {};
}

}  // namespace

extern const Op op_conv_transpose;
const Op op_conv_transpose{.name = "ConvTranspose",
                           .since = {1, 11, 22},
                           .types = float_types,
                           .inputs = {2, 3},
                           .infer = infer,
                           .evaluate = evaluate,
                           .kind = OpKind::convolution,
                           .cost = [](const NodeView& node) {
                             const auto &x = node.fact(0).shape, &w = node.fact(1).shape;
                             const std::optional<int64_t> count = x && w ? (product(*x) * product(*w, 1)).constant() : std::nullopt;
                             return count ? 2.0 * static_cast<double>(*count) : 0;
                           }};

}  // namespace nacre
