// com.microsoft.Attention: projects the input to queries, keys and values, then ai.onnx's Attention.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

// Sizes of the three projections.
Result<std::vector<int64_t>> hidden_sizes(const Upgrade& u) {
  std::vector<int64_t> sizes = u.node.attributes.integers("qkv_hidden_sizes");
  if (!sizes.empty())
    return sizes.size() == 3 ? Result<std::vector<int64_t>>(sizes) : fail(ErrorCode::invalid_model, "qkv_hidden_sizes ", sizes);
  const SymShape weights = NACRE_TRY(known_shape(u, 1));
  if (weights.size() != 2 || !weights[1].is_constant() || *weights[1].constant() % 3 != 0)
    return fail(ErrorCode::unsupported, "weights of shape ", weights, ": expected a constant multiple of 3 columns");
  return std::vector<int64_t>(3, *weights[1].constant() / 3);
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const int64_t heads = u.node.attributes.integer("num_heads", 0);
  for (const char* name : {"do_rotary", "past_present_share_buffer"})
    if (u.node.attributes.integer(name, 0) != 0) return fail(ErrorCode::unsupported, name);
  const SymShape x = NACRE_TRY(known_shape(u, 0));
  if (x.size() != 3) return fail(ErrorCode::invalid_argument, "input of shape ", x, ": expected rank 3");
  Builder& b = u.builder;
  const Edge projected = add_optional(b, b.matmul(u.input(0), u.input(1)), u.input(2));
  const std::vector<Edge> qkv = b.add_many("Split", {projected, b.ints(NACRE_TRY(hidden_sizes(u)))}, 3, {{"axis", int64_t{2}}});
  Edge past_key = kAbsent, past_value = kAbsent, keys = dim_of(b, u.input(0), 1);
  if (u.has(4)) {  // [2, batch, heads, length, head]
    past_key = b.add("Gather", {u.input(4), b.constant(Tensor::scalar<int64_t>(0))});
    past_value = b.add("Gather", {u.input(4), b.constant(Tensor::scalar<int64_t>(1))});
    keys = b.add(keys, dim_of(b, u.input(4), 3));
  }
  const Edge mask = NACRE_TRY(additive_mask(u, 3, 5, u.input(0), x[0], keys));
  const bool wants_present = u.node.has_output(1);
  std::vector<Edge> out = b.add_many("Attention", {qkv[0], qkv[1], qkv[2], mask, past_key, past_value}, wants_present ? 3 : 1,
                                     attention_attributes(u.node.attributes, heads));
  if (wants_present) out[1] = b.add("Concat", {b.unsqueeze(out[1], {0}), b.unsqueeze(out[2], {0})}, {{"axis", int64_t{0}}});
  return replace(u, std::move(out));
}

}  // namespace

extern const Op op_microsoft_attention;
const Op op_microsoft_attention{.name = "Attention",
                                .domain = "com.microsoft",
                                .since = {1, kRewritten},
                                .types = float_types,
                                .inputs = {2, 7},
                                .outputs = {1, 2},
                                .infer = never_inferred,
                                .evaluate = never_evaluated,
                                .upgrade = upgrade};

}  // namespace nacre
