// DFT: the discrete Fourier transform along an axis; [..., 1] is a real signal, [..., 2] a complex one.
// https://onnx.ai/onnx/operators/onnx__DFT.html
#include <algorithm>

#include "ops/fourier.h"
#include "ops/op.h"

namespace nacre {
namespace {

// Opset 17 has the axis as an attribute.
Result<void> upgrade(Upgrade& u) {
  if (u.version >= 20) return {};
  u.set_input(2, u.builder.constant(Tensor::scalar<int64_t>(u.node.attributes.integer("axis", 1))));
  u.node.attributes.erase("axis");
  return {};
}

struct Direction {
  bool inverse, onesided;
  explicit Direction(const Attributes& attributes)
      : inverse(attributes.integer("inverse", 0) != 0), onesided(attributes.integer("onesided", 0) != 0) {}
  bool to_real() const { return inverse && onesided; }
};

Result<int64_t> signal_axis(int64_t axis, int64_t rank) {
  const int64_t found = NACRE_TRY(checked_index(axis, rank, "axis"));
  if (found == rank - 1) return fail(ErrorCode::invalid_argument, "axis ", axis, " is the one of real and imaginary parts");
  return found;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  const Direction direction(inference.attributes());
  const int64_t rank = static_cast<int64_t>(shape->size());
  const auto axes = inference.has(2) ? inference.integers(2) : std::vector<int64_t>{-2};
  if (rank < 2 || !axes || axes->size() != 1) {
    if (rank < 2) return fail(ErrorCode::invalid_argument, "takes [..., signal, 1 or 2], given ", *shape);
    // The axis comes with the run: it changes its dim unless the spectrum is whole and no length is given.
    SymShape out = direction.onesided || inference.has(1) ? inference.fresh_shape(shape->size()) : *shape;
    out.back() = direction.to_real() ? 1 : 2;
    return inference.set(0, inference.dtype(0), std::move(out)), Result<void>();
  }
  const int64_t axis = NACRE_TRY(signal_axis((*axes)[0], rank));
  SymShape out = *shape;
  SymDim length = direction.to_real() ? ((*shape)[axis] - 1) * 2 : (*shape)[axis];
  if (const std::vector<SymDim>* given = inference.values(1))
    length = given->size() == 1 ? (*given)[0] : inference.fresh();
  else if (inference.has(1))
    length = inference.fresh();
  out[axis] = direction.onesided && !direction.inverse ? floor_div(length, 2) + 1 : length;
  out[rank - 1] = direction.to_real() ? 1 : 2;
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

// The lines along the axis as [outer, length, inner], `parts` numbers each.
struct Lines {
  int64_t outer = 1, length = 0, inner = 1, parts = 1;
  int64_t at(int64_t row, int64_t position, int64_t column) const { return ((row * length + position) * inner + column) * parts; }
};

// A spectrum's second half is the conjugate of its first when the signal is real.
void complete_spectrum(ComplexLine& line) {
  const size_t n = line.size();
  if (n == 0) return;
  line[0] = line[0].real();
  if (n % 2 == 0) line[n / 2] = line[n / 2].real();
  for (size_t k = 1; k < (n + 1) / 2; ++k) line[n - k] = std::conj(line[k]);
}

Result<void> transform_lines(Evaluation& e, const Direction& direction, const double* x, const Lines& in, double* y, const Lines& out,
                             int64_t n) {
  Fourier fourier(static_cast<size_t>(n), direction.inverse);
  ComplexLine line(static_cast<size_t>(n));
  const double scale = direction.inverse ? 1.0 / static_cast<double>(n) : 1;
  const int64_t read = std::min(in.length, direction.to_real() ? n / 2 + 1 : n);
  for (int64_t row = 0; row < in.outer; ++row) {
    NACRE_TRY(e.checkpoint());
    for (int64_t column = 0; column < in.inner; ++column) {
      std::fill(line.begin(), line.end(), 0);
      for (int64_t i = 0; i < read; ++i) {
        const double* from = x + in.at(row, i, column);
        line[i] = {from[0], in.parts == 2 ? from[1] : 0};
      }
      if (direction.to_real()) complete_spectrum(line);
      fourier.transform(line);
      for (int64_t i = 0; i < out.length; ++i) {
        double* to = y + out.at(row, i, column);
        to[0] = line[i].real() * scale;
        if (out.parts == 2) to[1] = line[i].imag() * scale;
      }
    }
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t rank = e.input(0).rank();
  const Direction direction(e.attributes());
  if (rank < 2 || shape[rank - 1] < 1 || shape[rank - 1] > 2)
    return fail(ErrorCode::invalid_argument, "takes [..., signal, 1 or 2], given ", describe(e.input(0)));
  if (direction.onesided && !direction.inverse && shape[rank - 1] == 2)
    return fail(ErrorCode::invalid_argument, "onesided needs a real signal, given ", describe(e.input(0)));
  const int64_t axis = NACRE_TRY(signal_axis(e.has(2) ? NACRE_TRY(e.integer(2)) : -2, rank));
  Lines in{.length = shape[axis], .parts = shape[rank - 1]};
  for (int64_t d = 0; d < axis; ++d) in.outer *= shape[d];
  for (int64_t d = axis + 1; d < rank - 1; ++d) in.inner *= shape[d];
  const int64_t n = e.has(1) ? NACRE_TRY(e.integer(1)) : direction.to_real() ? 2 * (in.length - 1) : in.length;
  if (n < 1) return fail(ErrorCode::invalid_argument, "dft_length is ", n);
  Lines out = in;
  Shape result = shape;
  out.length = result[axis] = direction.onesided && !direction.inverse ? n / 2 + 1 : n;
  out.parts = result[rank - 1] = direction.to_real() ? 1 : 2;
  Tensor* y = NACRE_TRY(e.output(0, result));
  NACRE_TRY(e.scratch(DType::complex128, {n, 8}));  // the line, its convolution and tables: refused here when too large
  std::vector<double> converted;
  const double* x = elements_as<double>(e.input(0), converted);
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, result));
  double* target = static_cast<double*>(wide.mutable_raw());
  NACRE_TRY(transform_lines(e, direction, x, in, target, out, n));
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), target);
  return {};
}

}  // namespace

extern const Op op_dft;
const Op op_dft{
    .name = "DFT", .since = {17, 20}, .types = float_types, .inputs = {1, 3}, .infer = infer, .evaluate = evaluate, .upgrade = upgrade};

}  // namespace nacre
