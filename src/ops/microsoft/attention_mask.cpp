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

}  // namespace nacre
