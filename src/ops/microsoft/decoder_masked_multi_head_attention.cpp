// DecoderMaskedMultiHeadAttention: MultiHeadAttention of one new token, with its inputs in another order and packed queries,
// keys and values side by side.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

// Queries, keys and values of equal width, side by side.
Result<std::vector<Edge>> unpacked(Upgrade& u) {
  const SymShape q = NACRE_TRY(known_shape(u, 0));
  if (q.size() != 3 || q[2].constant().value_or(0) % 3 != 0)
    return fail(ErrorCode::invalid_argument, "packed queries, keys and values of shape ", q, ": expected rank 3 and a multiple of 3");
  return u.builder.add_many("Split", {u.input(0)}, 3, {{"axis", int64_t{2}}, {"num_outputs", int64_t{3}}});
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  std::vector<Edge> qkv{u.input(0), u.input(1), u.input(2)};
  if (!u.has(1)) qkv = NACRE_TRY(unpacked(u));
  // There: query, key, value, bias, mask, attention bias, past key and value, past length, indirection; here a beam width too.
  const Edge beam = u.input(8);
  u.node.inputs = {qkv[0], qkv[1], qkv[2], u.input(10), u.input(3), u.input(4), u.input(5), u.input(6), u.input(7), u.input(9)};
  if (u.has(9) && beam == kAbsent) return fail(ErrorCode::invalid_model, "cache_indirection without beam_width");
  u.node.attributes.erase("unidirectional");
  u.node.op = find_op("com.microsoft", "MultiHeadAttention");
  return u.node.op->upgrade(u);
}

}  // namespace

extern const Op op_microsoft_decoder_masked_multi_head_attention;
const Op op_microsoft_decoder_masked_multi_head_attention{.name = "DecoderMaskedMultiHeadAttention",
                                                          .domain = "com.microsoft",
                                                          .since = {1, kRewritten},
                                                          .types = {DType::float32, DType::float16},
                                                          .inputs = {1, 11},
                                                          .outputs = {1, 4},
                                                          .infer = never_inferred,
                                                          .evaluate = never_evaluated,
                                                          .upgrade = upgrade};

}  // namespace nacre
