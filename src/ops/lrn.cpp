// LRN: y = x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta.
// https://onnx.ai/onnx/operators/onnx__LRN.html
#include "ops/normalisation.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t size = e.attributes().integer("size", 0);
  if (shape.size() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", shape);
  if (size < 1) return fail(ErrorCode::invalid_model, "size ", size, ": expected at least 1");
  const double alpha = e.attributes().real("alpha", 1e-4f), beta = e.attributes().real("beta", 0.75f),
               bias = e.attributes().real("bias", 1);
  const int64_t channels = shape[1], plane = NACRE_TRY(checked_count(std::span(shape).subspan(2)));
  Tensor* y = NACRE_TRY(e.output(0, shape));
  Tensor copy = NACRE_TRY(e.scratch(DType::float64, {channels, plane}));
  double* in = static_cast<double*>(copy.mutable_raw());
  return map_rows(e, e.input(0), *y, channels * plane, [&](int64_t, std::span<double> x) {
    std::copy(x.begin(), x.end(), in);
    for (int64_t channel = 0; channel < channels; ++channel) {
      const int64_t begin = std::max<int64_t>(0, channel - (size - 1) / 2), end = std::min(channels, channel + size / 2 + 1);
      for (int64_t at = 0; at < plane; ++at) {
        double squares = 0;
        for (int64_t near = begin; near < end; ++near) squares += in[near * plane + at] * in[near * plane + at];
        x[channel * plane + at] /= std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
      }
    }
  });
}

}  // namespace

extern const Op op_lrn;
const Op op_lrn{
    .name = "LRN", .since = {1, 13}, .types = float_types, .infer = same_as_input, .evaluate = evaluate, .kind = OpKind::normalisation};

}  // namespace nacre
