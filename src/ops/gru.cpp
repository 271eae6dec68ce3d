// GRU: z = f(Wz x + Rz h), r = f(Wr x + Rr h), n = g(Wh x + Rh (r h)), or g(Wh x + r (Rh h)) with linear_before_reset;
// h' = (1 - z) n + z h. Gates lie in the order z, r, h.
// https://onnx.ai/onnx/operators/onnx__GRU.html
#include "ops/recurrent.h"

namespace nacre {
namespace {

bool is_linear_before_reset(const Attributes& attributes) { return attributes.integer("linear_before_reset", 0) != 0; }

void step(const CellStep& s, const Attributes& attributes) {
  const int64_t n = s.hidden;
  const Activation &f = s.activations[0], &g = s.activations[1];
  const auto gate = [&](int64_t which, int64_t k) { return f(s.cut(s.input[which * n + k] + s.recurrent[which * n + k])); };
  std::vector<double> reset(static_cast<size_t>(n)), candidate(reset.size());
  for (int64_t k = 0; k < n; ++k) reset[k] = gate(1, k);
  if (is_linear_before_reset(attributes)) {
    for (int64_t k = 0; k < n; ++k) candidate[k] = reset[k] * (s.recurrent[2 * n + k] + (s.bias ? s.bias[2 * n + k] : 0));
  } else {
    for (int64_t k = 0; k < n; ++k) reset[k] *= s.state[k];
    s.product(s.weights, reset.data(), 2, candidate.data());
  }
  for (int64_t k = 0; k < n; ++k) {
    const double update = gate(0, k), now = g(s.cut(s.input[2 * n + k] + candidate[k]));
    s.state[k] = (1 - update) * now + update * s.state[k];
  }
}

Result<void> infer(Inference& inference) { return infer_recurrent(inference, 3, false); }

Result<void> evaluate(Evaluation& e) {
  return run_recurrent(
      e, {.gates = 3, .activations = {"Sigmoid", "Tanh"}, .step = step, .separate_bias = is_linear_before_reset(e.attributes())});
}

}  // namespace

extern const Op op_gru;
const Op op_gru{.name = "GRU",
                .since = {1, 3, 7, 14, 22},
                .types = float_types,
                .inputs = {3, 6},
                .outputs = {0, 2},
                .infer = infer,
                .evaluate = evaluate,
                .upgrade = upgrade_recurrent};

}  // namespace nacre
