// EmbedLayerNormalization: y = LayerNormalization(word[id] + position[p] + segment[s]); mask_index counts the mask's ones.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

// Rows 0 to length of the position table, as [length, hidden].
Edge first_positions(Upgrade& u) {
  Builder& b = u.builder;
  return b.add("Slice", {u.input(3), b.ints({0}), dim_of(b, u.input(0), 1), b.ints({0})});
}

Edge mask_index(Upgrade& u) {
  Builder& b = u.builder;
  if (u.has(7)) return b.reduce("ReduceSum", u.input(7), {1}, false);
  return b.add("Expand", {b.constant(Tensor::of<int32_t>({1}, {0})), dim_of(b, u.input(0), 0)});
}

Result<void> upgrade(Upgrade& u) {
  for (size_t i : {0, 2, 3, 5, 6})
    if (!u.has(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  Edge sum = b.add("Gather", {u.input(2), u.input(0)});
  sum = b.add(sum, u.has(8) ? b.add("Gather", {u.input(3), u.input(8)}) : first_positions(u));
  if (u.has(1) && u.has(4)) sum = b.add(sum, b.add("Gather", {u.input(4), u.input(1)}));
  const Edge y = b.add("LayerNormalization", {sum, u.input(5), u.input(6)}, {{"epsilon", u.node.attributes.real("epsilon", 1e-12f)}});
  return replace(u, {y, u.node.has_output(1) ? mask_index(u) : kAbsent, sum});
}

}  // namespace

extern const Op op_microsoft_embed_layer_normalization;
const Op op_microsoft_embed_layer_normalization{.name = "EmbedLayerNormalization",
                                                .domain = "com.microsoft",
                                                .since = {1, kRewritten},
                                                .types = {DType::int32},
                                                .inputs = {1, 9},
                                                .outputs = {1, 3},
                                                .infer = never_inferred,
                                                .evaluate = never_evaluated,
                                                .upgrade = upgrade};

}  // namespace nacre
