#include "ops/convolution.h"

namespace nacre {
namespace {

Result<void> check_channels(const SymShape& x, const SymShape& w, int64_t groups) {
  if (x.size() < 3 || w.size() != x.size())
    return fail(ErrorCode::invalid_argument, "takes [n, c, ...] and weights of the same rank, not ", x, " and ", w);
  if (groups < 1) return fail(ErrorCode::invalid_model, "group ", groups, ": expected at least 1");
  // By division: a product with a number from the file may overflow.
  const bool uneven = x[1].is_constant() && *x[1].constant() % groups != 0;
  if (uneven || floor_div(x[1], groups).differs(w[1]))
    return fail(ErrorCode::invalid_argument, x, " has ", x[1], " channels, weights ", w, " take ", w[1], " in each of ", groups, " groups");
  if (w[0].is_constant() && *w[0].constant() % groups != 0)
    return fail(ErrorCode::invalid_argument, w[0], " output channels do not divide into ", groups, " groups");
  return {};
}

}  // namespace

Result<Convolution> plan_convolution(const Evaluation& e, size_t x, size_t w) {
  const Shape &input = e.shape(x), &weights = e.shape(w);
  const int64_t groups = e.attributes().integer("group", 1);
  NACRE_TRY(check_channels(symbolic(input), symbolic(weights), groups));
  Windows windows = NACRE_TRY(read_windows(e.attributes(), input.size() - 2, std::span(weights).subspan(2)));
  Convolution out{NACRE_TRY(lay_windows(std::move(windows), input)), input[0], input[1], weights[0], groups, {}};
  out.shape = {input[0], weights[0]};
  out.shape.insert(out.shape.end(), out.grid.output.begin(), out.grid.output.end());
  return out;
}

Result<void> infer_convolution(Inference& inference, size_t x_input, size_t w_input, DType dtype) {
  const SymShape *x = inference.shape(x_input), *w = inference.shape(w_input);
  inference.set(0, dtype);
  if (!x) return {};
  if (x->size() < 3) return fail(ErrorCode::invalid_argument, "takes [n, c, ...] with a spatial axis, not ", *x);
  SymShape y = inference.fresh_shape(x->size());
  y[0] = (*x)[0];
  std::optional<Shape> kernel;
  if (w) {
    NACRE_TRY(check_channels(*x, *w, inference.attributes().integer("group", 1)));
    y[1] = (*w)[0];
    kernel = constant_shape(SymShape(w->begin() + 2, w->end()));
  }
  if (kernel || inference.attributes().has("kernel_shape"))
    y = NACRE_TRY(windowed_shape(NACRE_TRY(read_windows(inference.attributes(), x->size() - 2, kernel.value_or(Shape()))), *x, y[1]));
  inference.set(0, dtype, std::move(y));
  return {};
}

double convolution_cost(const NodeView& node, size_t w) {
  const auto &weights = node.fact(w).shape, &y = node.graph.fact(node.node.outputs[0]).shape;
  if (!weights || !y || weights->empty()) return 0;
  const std::optional<int64_t> count = (product(*y) * product(*weights, 1)).constant();
  return count ? 2.0 * static_cast<double>(*count) : 0;
}

namespace {

// One row for each channel and tap, one column for each window of the block.
template <class T>
void gather_columns(const T* x, int64_t channels, int64_t plane, std::span<const int64_t> offsets, int64_t count, T* columns) {
  for (int64_t channel = 0; channel < channels; ++channel, x += plane) {
    for (size_t at = 0; at < offsets.size(); at += count)
      for (int64_t i = 0; i < count; ++i) {
        const int64_t offset = offsets[at + i];
        *columns++ = offset < 0 ? T{0} : x[offset];
      }
  }
}

// A 1x1 kernel that steps by 1 reads the image itself.
bool is_pointwise(const WindowGrid& grid) {
  if (grid.input != grid.output) return false;
  for (size_t axis = 0; axis < grid.windows.rank(); ++axis)
    if (grid.windows.kernel[axis] != 1 || grid.windows.strides[axis] != 1 || grid.begin[axis] != 0) return false;
  return true;
}

}  // namespace

template <class T>
Result<void> convolve(Evaluation& e, const Convolution& c, const T* x, const T* w, double* y) {
  if (c.images == 0 || c.outputs == 0) return {};  // planes of any size, and none of them
  const int64_t in = c.channels / c.groups, out = c.outputs / c.groups, taps = c.grid.windows.taps(), depth = in * taps;
  const int64_t plane = c.plane(), input_plane = c.grid.inputs, block = c.grid.block(depth);
  const bool direct = is_pointwise(c.grid);
  Tensor columns = NACRE_TRY(e.scratch(dtype_of<T>, {direct ? 0 : depth, std::min(block, plane)}));
  T* gathered = static_cast<T*>(columns.mutable_raw());
  Tensor table = NACRE_TRY(e.scratch(DType::int64, {direct ? 0 : taps, std::min(block, plane)}));
  int64_t* offsets = static_cast<int64_t*>(table.mutable_raw());
  for (int64_t first = 0; first < plane; first += block) {
    const int64_t count = std::min(block, plane - first);
    NACRE_TRY(e.checkpoint());
    if (!direct) { c.grid.offsets(first, count, offsets); }
    for (int64_t group = 0; group < c.images * c.groups; ++group) {
      const T* source = x + group * in * input_plane;
      if (!direct) gather_columns(source, in, input_plane, {offsets, static_cast<size_t>(taps * count)}, count, gathered);
      contract(MatrixView<T>{w + group % c.groups * out * depth, depth, 1}, direct ? source + first : gathered,
               direct ? input_plane : count, out, depth, count, y + group * out * plane + first, plane);
    }
  }
  return {};
}
template Result<void> convolve(Evaluation&, const Convolution&, const float*, const float*, double*);
template Result<void> convolve(Evaluation&, const Convolution&, const double*, const double*, double*);

Result<void> check_bias(const Evaluation& e, size_t i, int64_t channels) {
  if (!e.has(i) || (e.input(i).rank() == 1 && e.input(i).size() == channels)) return {};
  return fail(ErrorCode::invalid_argument, "bias ", describe(e.input(i)), ": expected [", channels, "]");
}

Result<void> add_bias(const Evaluation& e, size_t i, int64_t images, int64_t channels, int64_t plane, double* y) {
  NACRE_TRY(check_bias(e, i, channels));
  if (!e.has(i)) return {};
  std::vector<double> scratch;
  const double* bias = elements_as<double>(e.input(i), scratch);
  for (int64_t row = 0; row < images * channels; ++row, y += plane)
    for (int64_t at = 0; at < plane; ++at) y[at] += bias[row % channels];
  return {};
}

}  // namespace nacre
