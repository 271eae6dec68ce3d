// MultiHeadAttention: ai.onnx's Attention after adding the projections' bias and unpacking.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

// Queries, keys and values, all [batch, length, hidden] or all [batch, heads, length, head].
struct Operands {
  Edge q, k, v;
  bool flat = true;
};

Edge heads_first(Builder& b, Edge x, int64_t heads) { return b.transpose(b.reshape(x, {0, 0, heads, -1}), {0, 2, 1, 3}); }

// [batch, length, heads, count, head] -> `count` times [batch, heads, length, head].
std::vector<Edge> unpacked(Builder& b, Edge x, int64_t count) {
  std::vector<Edge> parts = b.add_many("Split", {x}, static_cast<size_t>(count), {{"axis", int64_t{3}}, {"num_outputs", count}});
  for (Edge& part : parts) part = b.transpose(b.add("Squeeze", {part, b.ints({3})}), {0, 2, 1, 3});
  return parts;
}

// Splits the bias by the widths of q, k and v and adds it.
Result<void> add_bias(Upgrade& u, Operands& o) {
  if (!u.has(3)) return {};
  Builder& b = u.builder;
  if (!o.flat) return fail(ErrorCode::unsupported, "a bias with packed or cached keys");
  std::vector<int64_t> widths;
  for (Edge edge : {o.q, o.k, o.v}) {
    const auto& shape = b.graph().fact(edge).shape;
    if (!shape || !shape->back().is_constant()) return fail(ErrorCode::unsupported, "a bias for a hidden size that is not constant");
    widths.push_back(*shape->back().constant());
  }
  const std::vector<Edge> parts = b.add_many("Split", {u.input(3), b.ints(widths)}, 3, {{"axis", int64_t{0}}});
  o.q = b.add(o.q, parts[0]), o.k = b.add(o.k, parts[1]), o.v = b.add(o.v, parts[2]);
  return {};
}

Result<Operands> read_operands(Upgrade& u, int64_t heads) {
  Builder& b = u.builder;
  const size_t q_rank = NACRE_TRY(known_shape(u, 0)).size();
  if (q_rank == 5) {
    const std::vector<Edge> qkv = unpacked(b, u.input(0), 3);
    return Operands{qkv[0], qkv[1], qkv[2], false};
  }
  const size_t k_rank = NACRE_TRY(known_shape(u, 1)).size();
  if (q_rank != 3 || (k_rank == 3) != (u.has(2) && NACRE_TRY(known_shape(u, 2)).size() == 3))
    return fail(ErrorCode::invalid_argument, "query of rank ", q_rank, " and key of rank ", k_rank);
  if (k_rank == 3) return Operands{u.input(0), u.input(1), u.input(2)};
  if (k_rank == 5) {
    const std::vector<Edge> kv = unpacked(b, u.input(1), 2);
    return Operands{heads_first(b, u.input(0), heads), kv[0], kv[1], false};
  }
  if (k_rank != 4 || !u.has(2)) return fail(ErrorCode::invalid_argument, "key of rank ", k_rank);
  return Operands{heads_first(b, u.input(0), heads), u.input(1), u.input(2), false};
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const int64_t heads = u.node.attributes.integer("num_heads", 0);
  if (heads < 1) return fail(ErrorCode::invalid_model, "num_heads ", heads, ": expected at least 1");
  if (u.has(8) || u.has(9)) return fail(ErrorCode::unsupported, "shared key and value buffers");
  NACRE_TRY(check_unwanted(u, 3, "qk"));
  Builder& b = u.builder;
  Operands o = NACRE_TRY(read_operands(u, heads));
  NACRE_TRY(b.status());
  NACRE_TRY(add_bias(u, o));
  Edge keys = dim_of(b, o.k, o.flat ? 1 : 2);
  if (u.has(6)) keys = b.add(keys, dim_of(b, u.input(6), 2));
  const Edge mask = NACRE_TRY(additive_mask(u, 4, 5, u.input(0), NACRE_TRY(known_shape(u, 0))[0], keys));
  const bool wants_present = u.node.has_output(1) || u.node.has_output(2);
  std::vector<Edge> out = b.add_many("Attention", {o.q, o.k, o.v, mask, u.input(6), u.input(7)}, wants_present ? 3 : 1,
                                     attention_attributes(u.node.attributes, o.flat ? heads : 0));
  if (!o.flat) out[0] = b.reshape(b.transpose(out[0], {0, 2, 1, 3}), std::vector<int64_t>{0, 0, -1});
  return replace(u, std::move(out));
}

}  // namespace

extern const Op op_microsoft_multi_head_attention;
const Op op_microsoft_multi_head_attention{.name = "MultiHeadAttention",
                                           .domain = "com.microsoft",
                                           .since = {1, kRewritten},
                                           .types = float_types,
                                           .inputs = {1, 10},
                                           .outputs = {1, 4},
                                           .infer = never_inferred,
                                           .evaluate = never_evaluated,
                                           .upgrade = upgrade};

}  // namespace nacre
