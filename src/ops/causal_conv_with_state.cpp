// CausalConvWithState: y[n, c, t] = act(bias[c] + sum over taps of w[c, tap] * z[n, c, t + tap]), z = past_state followed by
// x; the new state is the end of z.
// https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<bool> is_silu(const Attributes& attributes) {
  const std::string name = attributes.string("activation", "none");
  if (name == "silu" || name == "swish") return true;
  if (name == "none" || name.empty()) return false;
  return fail(ErrorCode::invalid_model, "activation '", name, "' is none of silu, swish, none");
}

Result<SymShape> state_shape(const SymShape& x, const SymShape& w) {
  if (x.size() != 3 || w.size() != 3 || w[0].differs(x[1]) || w[1].differs(1) || w[2].is(0))
    return fail(ErrorCode::invalid_argument, "input ", x, " and weight ", w, ": expected [n, c, length] and [c, 1, k]");
  return SymShape{x[0], x[1], w[2] - SymDim(1)};
}

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *w = inference.shape(1);
  (void)NACRE_TRY(is_silu(inference.attributes()));
  NACRE_TRY(same_as_input(inference));
  inference.set(1, inference.dtype(0));
  if (x && w) inference.set(1, inference.dtype(0), NACRE_TRY(state_shape(*x, *w)));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape &x = e.shape(0), &w = e.shape(1);
  const bool silu = NACRE_TRY(is_silu(e.attributes()));
  const Shape state = *constant_shape(NACRE_TRY(state_shape(symbolic(x), symbolic(w))));
  if (e.has(2) && e.shape(2) != Shape{x[1]})
    return fail(ErrorCode::invalid_argument, "bias of shape ", e.shape(2), ": expected ", Shape{x[1]});
  if (e.has(3) && e.shape(3) != state) return fail(ErrorCode::invalid_argument, "past_state of shape ", e.shape(3), ": expected ", state);
  const int64_t channels = x[1], length = x[2], taps = w[2];
  std::vector<double> scratch[2], padded(static_cast<size_t>(taps - 1 + length)), out(static_cast<size_t>(length));
  const double* weights = elements_as<double>(e.input(1), scratch[0]);
  const double* bias = e.has(2) ? elements_as<double>(e.input(2), scratch[1]) : nullptr;
  Tensor *y = NACRE_TRY(e.output(0, x)), *present = NACRE_TRY(e.output(1, state));
  for (int64_t row = 0; row < x[0] * channels; ++row) {
    if (e.has(3)) load_as<double>(e.dtype(3), e.input(3).raw(), row * (taps - 1), taps - 1, padded.data());
    load_as<double>(e.dtype(0), e.input(0).raw(), row * length, length, padded.data() + (taps - 1));
    for (int64_t t = 0; t < length; ++t) {
      double sum = bias ? bias[row % channels] : 0;
      for (int64_t tap = 0; tap < taps; ++tap) sum += weights[row % channels * taps + tap] * padded[t + tap];
      out[t] = silu ? sum / (1 + std::exp(-sum)) : sum;
    }
    store_from<double>(y->dtype(), y->mutable_raw(), row * length, length, out.data());
    store_from<double>(present->dtype(), present->mutable_raw(), row * (taps - 1), taps - 1, padded.data() + length);
  }
  return {};
}

}  // namespace

extern const Op op_causal_conv_with_state;
const Op op_causal_conv_with_state{.name = "CausalConvWithState",
                                   .since = {27},
                                   .types = {DType::float32, DType::float16, DType::bfloat16},
                                   .inputs = {2, 4},
                                   .outputs = {2, 2},
                                   .infer = infer,
                                   .evaluate = evaluate,
                                   .kind = OpKind::convolution};

}  // namespace nacre
