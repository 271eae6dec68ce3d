// Multinomial: `sample_size` draws of a class from each row of unnormalised log-probabilities.
// https://onnx.ai/onnx/operators/onnx__Multinomial.html
#include <algorithm>

#include "ops/random_fill.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (shape && shape->size() != 2) return fail(ErrorCode::invalid_argument, "takes [batch, classes], given ", *shape);
  const SymDim batch = shape ? (*shape)[0] : inference.fresh();
  inference.set(0, NACRE_TRY(dtype_attribute(inference.attributes(), "dtype", DType::int32)),
                SymShape{batch, inference.attributes().integer("sample_size", 1)});
  return {};
}

// The first class whose cumulative probability exceeds a draw.
int64_t draw(const std::vector<double>& cumulative, Random& random) {
  const double target = random.uniform() * cumulative.back();
  const auto found = std::upper_bound(cumulative.begin(), cumulative.end(), target);
  return std::min(found - cumulative.begin(), static_cast<std::ptrdiff_t>(cumulative.size()) - 1);
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t samples = e.attributes().integer("sample_size", 1);
  if (shape.size() != 2 || samples < 0 || (shape[0] > 0 && shape[1] == 0))
    return fail(ErrorCode::invalid_argument, samples, " draws from ", describe(e.input(0)));
  Tensor* y = NACRE_TRY(e.output(0, NACRE_TRY(dtype_attribute(e.attributes(), "dtype", DType::int32)), {shape[0], samples}));
  std::vector<double> converted, cumulative(static_cast<size_t>(shape[1]));
  const double* x = elements_as<double>(e.input(0), converted);
  Random random = Random::from(e.attributes());
  for (int64_t row = 0; row < shape[0]; ++row, x += shape[1]) {
    const double top = *std::max_element(x, x + shape[1]);
    double sum = 0;
    for (int64_t i = 0; i < shape[1]; ++i) cumulative[i] = sum += std::exp(x[i] - top);
    for (int64_t i = 0; i < samples; ++i) {
      const int64_t sample = draw(cumulative, random);
      store_from<int64_t>(y->dtype(), y->mutable_raw(), row * samples + i, 1, &sample);
    }
  }
  return {};
}

}  // namespace

extern const Op op_multinomial;
const Op op_multinomial{
    .name = "Multinomial", .since = {7, 22}, .types = float_types, .infer = infer, .evaluate = evaluate, .deterministic = false};

}  // namespace nacre
