#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

// Keys 0, 1, ... against each sequence's end (and start): [batch, keys] of bool.
Result<Edge> from_ends(Upgrade& u, Edge mask, const SymDim& count, const SymDim& batch, Edge keys) {
  Builder& b = u.builder;
  const auto scalar = [&](int32_t value) { return b.constant(Tensor::scalar<int32_t>(value)); };
  const Edge length = b.cast(b.add("Squeeze", {keys, b.ints({0})}), DType::int32), range = b.add("Range", {scalar(0), length, scalar(1)});
  if (count == batch || !count.is_constant() || !batch.is_constant()) return b.add("Less", {range, b.unsqueeze(mask, {1})});
  if (!(count == batch * SymDim(2))) return fail(ErrorCode::unsupported, "a mask of ", count, " positions for ", batch, " sequences");
  const std::vector<Edge> both = b.add_many("Split", {mask}, 2, {{"axis", int64_t{0}}, {"num_outputs", int64_t{2}}});
  return b.add("And", {b.add("Less", {range, b.unsqueeze(both[0], {1})}), b.add("GreaterOrEqual", {range, b.unsqueeze(both[1], {1})})});
}

// (1 - mask) * mask_filter_value, with axes for heads and queries where they are not there.
Result<Edge> from_mask(Upgrade& u, size_t i, Edge like, const SymDim& batch, Edge keys) {
  Builder& b = u.builder;
  const SymShape shape = NACRE_TRY(known_shape(u, i));
  Edge mask = u.input(i);
  if (shape.size() == 1) mask = NACRE_TRY(from_ends(u, mask, shape[0], batch, keys));
  if (shape.empty() || shape.size() > 3) return fail(ErrorCode::unsupported, "a mask of shape ", shape);
  const Edge kept = b.cast(mask, b.graph().fact(like).dtype);
  const Edge added = b.mul(b.sub(b.scalar(1, like), kept), b.scalar(u.node.attributes.real("mask_filter_value", -10000), like));
  return shape.size() == 3 ? b.unsqueeze(added, {1}) : b.unsqueeze(added, {1, 2});
}

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

}  // namespace

Result<Edge> additive_mask(Upgrade& u, size_t mask, size_t bias, Edge like, const SymDim& batch, Edge keys) {
  NACRE_TRY(u.builder.status());
  const Edge masked = u.has(mask) ? NACRE_TRY(from_mask(u, mask, like, batch, keys)) : kAbsent;
  if (masked == kAbsent) return u.input(bias);
  return add_optional(u.builder, masked, u.input(bias));
}

Attributes attention_attributes(const Attributes& given, int64_t heads) {
  Attributes out{{"is_causal", int64_t{given.integer("unidirectional", 0) != 0}}};
  if (given.real("scale", 0) != 0) out.set("scale", given.real("scale", 0));
  if (heads > 0) out.set("q_num_heads", heads), out.set("kv_num_heads", heads);
  return out;
}

Result<void> attend_projected(Upgrade& u, Edge projected, const AttentionInputs& at) {
  const int64_t heads = u.node.attributes.integer("num_heads", 0);
  if (heads < 1) return fail(ErrorCode::invalid_model, "num_heads ", heads, ": expected at least 1");
  for (const char* name : {"do_rotary", "past_present_share_buffer"})
    if (u.node.attributes.integer(name, 0) != 0) return fail(ErrorCode::unsupported, name);
  const SymShape x = NACRE_TRY(known_shape(u, 0));
  if (x.size() != 3) return fail(ErrorCode::invalid_argument, "input of shape ", x, ": expected rank 3");
  Builder& b = u.builder;
  const std::vector<Edge> qkv = b.add_many("Split", {projected, b.ints(NACRE_TRY(hidden_sizes(u)))}, 3, {{"axis", int64_t{2}}});
  Edge past_key = kAbsent, past_value = kAbsent, keys = dim_of(b, u.input(0), 1);
  if (u.has(at.past)) {  // [2, batch, heads, length, head]
    past_key = b.add("Gather", {u.input(at.past), b.constant(Tensor::scalar<int64_t>(0))});
    past_value = b.add("Gather", {u.input(at.past), b.constant(Tensor::scalar<int64_t>(1))});
    keys = b.add(keys, dim_of(b, u.input(at.past), 3));
  }
  const Edge mask = NACRE_TRY(additive_mask(u, at.mask, at.bias, projected, x[0], keys));
  const bool wants_present = u.node.has_output(1);
  std::vector<Edge> out = b.add_many("Attention", {qkv[0], qkv[1], qkv[2], mask, past_key, past_value}, wants_present ? 3 : 1,
                                     attention_attributes(u.node.attributes, heads));
  if (wants_present) out[1] = b.add("Concat", {b.unsqueeze(out[1], {0}), b.unsqueeze(out[2], {0})}, {{"axis", int64_t{0}}});
  return replace(u, std::move(out));
}

}  // namespace nacre
