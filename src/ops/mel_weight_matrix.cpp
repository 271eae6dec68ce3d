// MelWeightMatrix: triangular filters, evenly spaced on the mel scale, from spectrogram bins to mel bins.
// https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html
#include <algorithm>
#include <cmath>

#include "ops/dtype_attribute.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const auto bins = inference.integers(0), length = inference.integers(1);
  const SymDim rows = length && length->size() == 1 ? SymDim((*length)[0] / 2 + 1) : inference.fresh();
  const SymDim columns = bins && bins->size() == 1 ? SymDim((*bins)[0]) : inference.fresh();
  inference.set(0, NACRE_TRY(dtype_attribute(inference.attributes(), "output_datatype", DType::float32)), SymShape{rows, columns});
  return {};
}

double mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

// The spectrogram bins at the corners of the triangles.
struct Corners {
  double low, step, scale;
  int64_t rows;
  int64_t operator()(int64_t i) const {
    const double bin = std::floor(scale * hertz(low + static_cast<double>(i) * step));
    return bin >= 0 && bin < static_cast<double>(rows) ? static_cast<int64_t>(bin) : bin < 0 ? 0 : rows;
  }
};

void fill_triangle(double* column, int64_t stride, int64_t rows, int64_t left, int64_t centre, int64_t right) {
  if (left == centre && centre < rows) column[centre * stride] = 1;
  if (left < centre)
    for (int64_t row = left; row <= std::min(centre, rows - 1); ++row)
      column[row * stride] = static_cast<double>(row - left) / static_cast<double>(centre - left);
  for (int64_t row = centre; row < std::min(right, rows); ++row)
    column[row * stride] = static_cast<double>(right - row) / static_cast<double>(right - centre);
}

Result<void> evaluate(Evaluation& e) {
  const int64_t bins = NACRE_TRY(e.integer(0)), length = NACRE_TRY(e.integer(1)), rate = NACRE_TRY(e.integer(2));
  const double low = mel(NACRE_TRY(e.real(3))), high = mel(NACRE_TRY(e.real(4)));
  if (bins < 0 || length < 0 || rate <= 0 || !std::isfinite(low) || !std::isfinite(high))
    return fail(ErrorCode::invalid_argument, bins, " mel bins for a DFT of ", length, " at ", rate, " Hz, mel ", low, " to ", high);
  const int64_t rows = length / 2 + 1;
  Tensor* y = NACRE_TRY(e.output(0, NACRE_TRY(dtype_attribute(e.attributes(), "output_datatype", DType::float32)), {rows, bins}));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, {rows, bins}));
  double* out = static_cast<double*>(wide.mutable_raw());
  std::fill_n(out, wide.size(), 0.0);
  const Corners corner{low, (high - low) / (static_cast<double>(bins) + 2), (static_cast<double>(length) + 1) / static_cast<double>(rate),
                       rows};
  for (int64_t i = 0; i < bins; ++i) fill_triangle(out + i, bins, rows, corner(i), corner(i + 1), corner(i + 2));
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), out);
  return {};
}

}  // namespace

extern const Op op_mel_weight_matrix;
const Op op_mel_weight_matrix{.name = "MelWeightMatrix",
                              .since = {17},
                              .types = TypeSet{DType::int32, DType::int64},
                              .inputs = {5, 5},
                              .infer = infer,
                              .evaluate = evaluate};

}  // namespace nacre
