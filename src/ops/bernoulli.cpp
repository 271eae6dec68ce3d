// Bernoulli: 1 with the probability that each element of the input gives, else 0.
// https://onnx.ai/onnx/operators/onnx__Bernoulli.html
#include "ops/random_fill.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_random_like(inference); }

// As numpy's binomial(1, p) spends a draw.
double flip(Random& random, double p) {
  if (p == 0) return 0;
  return p <= 0.5 ? random.uniform() > 1 - p : !(random.uniform() > p);
}

Result<void> evaluate(Evaluation& e) {
  std::vector<double> converted;
  const double* p = elements_as<double>(e.input(0), converted);
  for (int64_t i = 0; i < e.input(0).size(); ++i)
    if (!(p[i] >= 0 && p[i] <= 1)) return fail(ErrorCode::invalid_argument, "probability ", p[i], " at ", i);
  return fill_random(e, e.shape(0), [&](Random& random) { return flip(random, *p++); });
}

}  // namespace

extern const Op op_bernoulli;
const Op op_bernoulli{
    .name = "Bernoulli", .since = {15, 22}, .types = float_types, .infer = infer, .evaluate = evaluate, .deterministic = false};

}  // namespace nacre
