// LSTM: i = f(Wi x + Ri h + Pi c), f = f(Wf x + Rf h + Pf c), c' = f c + i g(Wc x + Rc h), o = f(Wo x + Ro h + Po c'), h' = o h(c').
// Gates lie in the order i, o, f, c; peepholes in the order i, o, f.
// https://onnx.ai/onnx/operators/onnx__LSTM.html
#include "ops/recurrent.h"

namespace nacre {
namespace {

void step(const CellStep& s, const Attributes& attributes) {
  const int64_t n = s.hidden;
  const bool coupled = attributes.integer("input_forget", 0) != 0;
  const Activation &f = s.activations[0], &g = s.activations[1], &h = s.activations[2];
  const auto gate = [&](int64_t which, int64_t k) { return s.input[which * n + k] + s.recurrent[which * n + k]; };
  const auto peephole = [&](int64_t which, int64_t k, double memory) { return s.peepholes ? s.peepholes[which * n + k] * memory : 0; };
  for (int64_t k = 0; k < n; ++k) {
    const double memory = s.memory[k];
    const double in = f(s.cut(gate(0, k) + peephole(0, k, memory)));
    const double forget = coupled ? 1 - in : f(s.cut(gate(2, k) + peephole(2, k, memory)));
    const double now = forget * memory + in * g(s.cut(gate(3, k)));
    const double out = f(s.cut(gate(1, k) + peephole(1, k, now)));
    s.memory[k] = now;
    s.state[k] = out * h(now);
  }
}

Result<void> infer(Inference& inference) { return infer_recurrent(inference, 4, true); }

Result<void> evaluate(Evaluation& e) {
  return run_recurrent(e, {.gates = 4, .activations = {"Sigmoid", "Tanh", "Tanh"}, .step = step, .has_memory = true});
}

}  // namespace

extern const Op op_lstm;
const Op op_lstm{.name = "LSTM",
                 .since = {1, 7, 14, 22},
                 .types = float_types,
                 .inputs = {3, 8},
                 .outputs = {0, 3},
                 .infer = infer,
                 .evaluate = evaluate,
                 .upgrade = upgrade_recurrent};

}  // namespace nacre
