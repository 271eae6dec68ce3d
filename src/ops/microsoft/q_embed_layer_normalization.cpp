// QEmbedLayerNormalization: EmbedLayerNormalization of dequantized tables.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  for (size_t i : {0, 2, 3, 5, 6, 8, 9, 11, 12, 13, 14, 16, 17})
    if (!u.has(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  std::vector<Edge> inputs{u.input(0), u.input(1)};
  for (size_t i = 2; i < 7; ++i)  // tables, gamma and beta; scales from 8 on, zero points from 13 on
    inputs.push_back(u.has(i) ? b.add("DequantizeLinear", {u.input(i), u.input(i + 6), u.input(i + 11)}) : kAbsent);
  inputs.push_back(u.input(7));
  u.node.op = find_op("com.microsoft", "EmbedLayerNormalization");
  u.node.inputs = std::move(inputs);
  return u.node.op->upgrade(u);
}

}  // namespace

extern const Op op_microsoft_q_embed_layer_normalization;
const Op op_microsoft_q_embed_layer_normalization{.name = "QEmbedLayerNormalization",
                                                  .domain = "com.microsoft",
                                                  .since = {1, kRewritten},
                                                  .types = TypeSet{DType::int32},
                                                  .inputs = {1, 18},
                                                  .outputs = {1, 2},
                                                  .infer = never_inferred,
                                                  .evaluate = never_evaluated,
                                                  .upgrade = upgrade};

}  // namespace nacre
