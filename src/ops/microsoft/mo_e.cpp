// MoE: a mixture of experts; y = sum over the k best experts of weight * fc2(activation(fc1(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/experts.h"

namespace nacre {
namespace {

std::vector<float> floats(const Tensor& x) {
  std::vector<float> out(static_cast<size_t>(x.size()));
  load_as<float>(x.dtype(), x.raw(), 0, x.size(), out.data());
  return out;
}

Result<ExpertLayer> read_layer(Evaluation& e, size_t weights, size_t bias) {
  if (!e.has(weights)) return ExpertLayer();
  const Shape& shape = e.shape(weights);
  if (shape.size() != 3) return fail(ErrorCode::invalid_argument, "weights ", shape, ": expected [experts, rows, columns]");
  ExpertLayer out{.bias = e.has(bias) ? floats(e.input(bias)) : std::vector<float>(), .rows = shape[1], .depth = shape[2], .present = true};
  if (e.dtype(weights) == DType::float32) {
    out.weights = e.input(weights);
    return out;
  }
  out.weights = NACRE_TRY(e.scratch(DType::float32, shape));
  load_as<float>(e.dtype(weights), e.input(weights).raw(), 0, out.weights.size(), static_cast<float*>(out.weights.mutable_raw()));
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const ExpertRules rules = NACRE_TRY(read_expert_rules(e.attributes()));
  const ExpertTokens tokens = NACRE_TRY(read_tokens(e));
  return mix_experts(
      e, rules, {tokens.experts, NACRE_TRY(read_layer(e, 2, 3)), NACRE_TRY(read_layer(e, 4, 5)), NACRE_TRY(read_layer(e, 6, 7))}, SIZE_MAX);
}

}  // namespace

extern const Op op_microsoft_mo_e;
const Op op_microsoft_mo_e{.name = "MoE",
                           .domain = "com.microsoft",
                           .since = {1},
                           .types = {DType::float32, DType::float16, DType::bfloat16},
                           .inputs = {3, 8},
                           .infer = infer_experts,
                           .evaluate = evaluate,
                           .kind = OpKind::contraction};

}  // namespace nacre
