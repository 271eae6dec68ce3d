// RNN: h' = f(W x + R h).
// https://onnx.ai/onnx/operators/onnx__RNN.html
#include "ops/recurrent.h"

namespace nacre {
namespace {

void step(const CellStep& s, const Attributes&) {
  for (int64_t k = 0; k < s.hidden; ++k) s.state[k] = s.activations[0](s.cut(s.input[k] + s.recurrent[k]));
}

Result<void> infer(Inference& inference) { return infer_recurrent(inference, 1, false); }

Result<void> evaluate(Evaluation& e) { return run_recurrent(e, {.gates = 1, .activations = {"Tanh"}, .step = step}); }

}  // namespace

extern const Op op_rnn;
const Op op_rnn{.name = "RNN",
                .since = {1, 7, 14, 22},
                .types = float_types,
                .inputs = {3, 6},
                .outputs = {0, 2},
                .infer = infer,
                .evaluate = evaluate,
                .upgrade = upgrade_recurrent};

}  // namespace nacre
