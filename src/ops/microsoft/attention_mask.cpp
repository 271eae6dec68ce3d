#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

// The same where the count is known when it runs: ends come first in all forms, starts behind them where there are twice as many.
Edge from_ends_of_any_count(Upgrade& u, Edge mask, Edge range) {
  Builder& b = u.builder;
  const Edge batch = dim_of(b, u.input(0), 0), twice = b.mul(batch, b.ints({2})), zero = b.constant(Tensor::scalar<int32_t>(0));
  const Edge padded = b.add("Concat", {mask, b.add("Expand", {zero, batch})}, {{"axis", int64_t{0}}});
  const auto part = [&](Edge begin, Edge end) { return b.add("Slice", {padded, begin, end, b.ints({0})}); };
  const Edge has_starts = b.cast(b.add("Equal", {dim_of(b, mask, 0), twice}), DType::int32);
  const Edge ends = part(b.ints({0}), batch), starts = b.mul(part(batch, twice), has_starts);
  return b.add("And", {b.add("Less", {range, b.unsqueeze(ends, {1})}), b.add("GreaterOrEqual", {range, b.unsqueeze(starts, {1})})});
}

// Keys 0, 1, ... against each sequence's end (and start): [batch, keys] of bool.
Result<Edge> from_ends(Upgrade& u, Edge mask, const SymDim& count, const SymDim& batch, Edge keys) {
  Builder& b = u.builder;
  const auto scalar = [&](int32_t value) { return b.constant(Tensor::scalar<int32_t>(value)); };
  const Edge length = b.cast(b.add("Squeeze", {keys, b.ints({0})}), DType::int32), range = b.add("Range", {scalar(0), length, scalar(1)});
  if (count == batch) return b.add("Less", {range, b.unsqueeze(mask, {1})});
  if (!count.is_constant() || !batch.is_constant()) return from_ends_of_any_count(u, mask, range);
  // Lengths of the keys, then where queries and keys would begin without their padding.
  if (count == batch * SymDim(3) + SymDim(2))
    return b.add("Less", {range, b.unsqueeze(b.add("Slice", {mask, b.ints({0}), b.ints({*batch.constant()}), b.ints({0})}), {1})});
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
  if (shape.empty() || shape.size() > 4) return fail(ErrorCode::invalid_argument, "a mask of shape ", shape, ": expected rank 1 to 4");
  const Edge kept = b.cast(mask, b.graph().fact(like).dtype);
  const Edge added = b.mul(b.sub(b.scalar(1, like), kept), b.scalar(u.node.attributes.real("mask_filter_value", -10000), like));
  if (shape.size() == 4) {  // of the longest sequence there may be: the rows of these queries, the columns of these keys
    const Edge rows = b.add("Slice", {added, b.sub(keys, dim_of(b, u.input(0), 1)), keys, b.ints({2})});
    return b.add("Slice", {rows, b.ints({0}), keys, b.ints({3})});
  }
  return shape.size() == 3 ? b.unsqueeze(added, {1}) : b.unsqueeze(added, {1, 2});
}

// Sizes of the three projections that lie side by side in `projected`: equal ones unless the node says otherwise.
Result<Edge> hidden_sizes(Upgrade& u, Edge projected) {
  Builder& b = u.builder;
  const std::vector<int64_t> sizes = u.node.attributes.integers("qkv_hidden_sizes");
  if (!sizes.empty()) return sizes.size() == 3 ? Result<Edge>(b.ints(sizes)) : fail(ErrorCode::invalid_model, "qkv_hidden_sizes ", sizes);
  const auto& weights = u.fact(1).shape;
  const std::optional<int64_t> columns = weights && weights->size() == 2 ? weights->back().constant() : std::nullopt;
  if (columns && *columns % 3 == 0) return b.ints(std::vector<int64_t>(3, *columns / 3));
  if (columns || (weights && weights->size() != 2))
    return fail(ErrorCode::invalid_argument, "weights of shape ", *weights, ": expected a multiple of 3 columns");
  const Edge each = b.add("Div", {dim_of(b, projected, 2), b.ints({3})});
  return b.add("Concat", {each, each, each}, {{"axis", int64_t{0}}});
}

bool shares_buffer(const Upgrade& u) { return u.node.attributes.integer("past_present_share_buffer", 0) != 0; }

// What the cache holds: all of it, or the first past_sequence_length rows of a shared buffer.
Result<Edge> past_of(Upgrade& u, const AttentionInputs& at) {
  if (!shares_buffer(u)) return u.input(at.past);
  if (!u.has(at.past) || !u.has(at.past_length))
    return fail(ErrorCode::invalid_model, "past_present_share_buffer needs the buffer and past_sequence_length");
  Builder& b = u.builder;
  const Edge end = b.reshape(b.cast(u.input(at.past_length), DType::int64), std::vector<int64_t>{1});
  return b.add("Slice", {u.input(at.past), b.ints({0}), end, b.ints({3})});
}

// 10000^(-2 pair / size) for every pair of a head's first `size` numbers, as [1, 1, size / 2].
Edge rotation_rates(Builder& b, Edge size) {
  const auto number = [&](auto value) { return b.constant(Tensor::scalar(value)); };
  const Edge half = b.add("Squeeze", {b.add("Div", {size, b.ints({2})}), b.ints({0})});
  const Edge pairs = b.cast(b.add("Range", {number(int64_t{0}), half, number(int64_t{1})}), DType::float64);
  const Edge power = b.add("Div", {b.mul(pairs, number(-2.0)), b.cast(size, DType::float64)});
  return b.unsqueeze(b.cast(b.add("Pow", {number(10000.0), power}), DType::float32), {0, 1});
}

// x [batch, length, hidden] turned by its positions, which begin at `before` [1]: pairs of the first and the second half of a head's
// first rotary_embedding_dim numbers, by position / 10000^(2 pair / rotary_embedding_dim), as GPT-NeoX does.
Result<Edge> rotated(Upgrade& u, Edge x, Edge before, int64_t heads) {
  const Attributes& given = u.node.attributes;
  if (given.integer("do_rotary", 0) == 0) return x;
  Builder& b = u.builder;
  NACRE_TRY(b.status());
  const auto& shape = b.graph().fact(x).shape;
  if (!shape || shape->size() != 3)
    return fail(ErrorCode::invalid_argument, "do_rotary of ", b.graph().fact(x).text(), ": expected rank 3");
  const std::optional<int64_t> hidden = shape->back().constant();
  const int64_t named = given.integer("rotary_embedding_dim", 0), size = named > 0 ? named : hidden.value_or(0) / heads;
  if ((hidden && size > *hidden / heads) || size % 2 != 0)
    return fail(ErrorCode::invalid_model, "rotary_embedding_dim ", size, " of ", heads, " heads in ", shape->back());
  const Edge sizes = size > 0 ? b.ints({size}) : b.add("Div", {dim_of(b, x, 2), b.ints({heads})});
  const auto scalar = [&](Edge one) { return b.add("Squeeze", {one, b.ints({0})}); };
  const Edge first = scalar(before), end = scalar(b.add(before, dim_of(b, x, 1)));
  const Edge range = b.add("Range", {first, end, b.constant(Tensor::scalar<int64_t>(1))});
  const Edge angles = b.mul(b.unsqueeze(b.cast(range, DType::float32), {0, 2}), rotation_rates(b, sizes));
  const Edge all = b.add("Expand", {angles, b.add("Concat", {dim_of(b, x, 0), b.ints({1, 1})}, {{"axis", int64_t{0}}})});
  const DType dtype = b.graph().fact(x).dtype;
  return b.add("RotaryEmbedding", {x, b.cast(b.add("Cos", {all}), dtype), b.cast(b.add("Sin", {all}), dtype)},
               {{"num_heads", heads}, {"rotary_embedding_dim", size}});
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
  const SymShape x = NACRE_TRY(known_shape(u, 0));
  if (x.size() != 3) return fail(ErrorCode::invalid_argument, "input of shape ", x, ": expected rank 3");
  Builder& b = u.builder;
  const std::vector<Edge> qkv = b.add_many("Split", {projected, NACRE_TRY(hidden_sizes(u, projected))}, 3, {{"axis", int64_t{2}}});
  Edge past_key = kAbsent, past_value = kAbsent, keys = dim_of(b, u.input(0), 1), before = b.ints({0});
  const Edge past = NACRE_TRY(past_of(u, at));
  if (past != kAbsent) {  // [2, batch, heads, length, head]
    past_key = b.add("Gather", {past, b.constant(Tensor::scalar<int64_t>(0))});
    past_value = b.add("Gather", {past, b.constant(Tensor::scalar<int64_t>(1))});
    before = dim_of(b, past, 3), keys = b.add(keys, before);
  }
  const Edge mask = NACRE_TRY(additive_mask(u, at.mask, at.bias, projected, x[0], keys));
  const bool wants_present = u.node.has_output(1);
  const Edge q = NACRE_TRY(rotated(u, qkv[0], before, heads)), k = NACRE_TRY(rotated(u, qkv[1], before, heads));
  std::vector<Edge> out = b.add_many("Attention", {q, k, qkv[2], mask, past_key, past_value}, wants_present ? 3 : 1,
                                     attention_attributes(u.node.attributes, heads));
  if (wants_present) {
    out[1] = b.add("Concat", {b.unsqueeze(out[1], {0}), b.unsqueeze(out[2], {0})}, {{"axis", int64_t{0}}});
    // The rest of a shared buffer stays behind what it holds now.
    if (shares_buffer(u)) {
      const Edge rest = b.add("Slice", {u.input(at.past), keys, dim_of(b, u.input(at.past), 3), b.ints({3})});
      out[1] = b.add("Concat", {out[1], rest}, {{"axis", int64_t{3}}});
    }
  }
  return replace(u, std::move(out));
}

}  // namespace nacre
