// MultiHeadAttention: ai.onnx's Attention after adding the projections' bias and unpacking.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

// ai.onnx's Attention, asked for the scores that the softmax gets.
constexpr int64_t kMaskedScores = 2;

// Queries, keys and values, all [batch, length, hidden] or all [batch, heads, length, head].
struct Operands {
  Edge q, k, v;
  bool flat = true, cached = false;
};

Edge heads_first(Builder& b, Edge x, int64_t heads) { return b.transpose(b.reshape(x, {0, 0, heads, -1}), {0, 2, 1, 3}); }

// [batch, length, heads, count, head] -> `count` times [batch, heads, length, head].
std::vector<Edge> unpacked(Builder& b, Edge x, int64_t count) {
  std::vector<Edge> parts = b.add_many("Split", {x}, static_cast<size_t>(count), {{"axis", int64_t{3}}, {"num_outputs", count}});
  for (Edge& part : parts) part = b.transpose(b.add("Squeeze", {part, b.ints({3})}), {0, 2, 1, 3});
  return parts;
}

// Splits the bias by the widths of q, k and v and adds it. Cached keys and values had theirs when they were made.
Result<void> add_bias(Upgrade& u, Operands& o, int64_t heads) {
  if (!u.has(3)) return {};
  Builder& b = u.builder;
  std::vector<Edge> widths;
  for (Edge edge : {o.q, o.k, o.v}) {
    const auto& shape = b.graph().fact(edge).shape;
    const std::optional<int64_t> width = shape && !shape->empty() ? shape->back().constant() : std::nullopt;
    const int64_t times = o.flat ? 1 : heads;
    widths.push_back(width ? b.ints({*width * times}) : b.mul(dim_of(b, edge, o.flat ? 2 : 3), b.ints({times})));
  }
  const Edge split = b.add("Concat", widths, {{"axis", int64_t{0}}});
  std::vector<Edge> parts = b.add_many("Split", {u.input(3), split}, 3, {{"axis", int64_t{0}}});
  for (Edge& part : parts)
    if (!o.flat) part = b.reshape(part, {heads, 1, -1});
  o.q = b.add(o.q, parts[0]);
  if (!o.cached) o.k = b.add(o.k, parts[1]), o.v = b.add(o.v, parts[2]);
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
  return Operands{heads_first(b, u.input(0), heads), u.input(1), u.input(2), false, true};
}

// The cache that the new keys (or values) come behind. In a shared buffer it is the first `past_sequence_length` rows.
Edge past_of(Upgrade& u, size_t i) {
  if (!u.has(i) || !u.has(8)) return u.input(i);
  Builder& b = u.builder;
  const Edge end = b.reshape(b.cast(u.input(8), DType::int64), std::vector<int64_t>{1});
  return b.add("Slice", {u.input(i), b.ints({0}), end, b.ints({2})});
}

// What position k of each beam holds lies in the beam that cache_indirection [batch, beams, length] names.
Edge indirect(Upgrade& u, Edge cache) {
  if (cache == kAbsent || !u.has(9)) return cache;
  Builder& b = u.builder;
  const Edge rows = b.cast(u.input(9), DType::int64), length = dim_of(b, cache, 2), beams = dim_of(b, rows, 1);
  const auto scalar = [&](Edge x) { return b.add("Squeeze", {x, b.ints({0})}); };
  const Edge batch =
      b.add("Range", {b.constant(Tensor::scalar<int64_t>(0)), scalar(dim_of(b, rows, 0)), b.constant(Tensor::scalar<int64_t>(1))});
  const Edge first = b.unsqueeze(b.mul(batch, beams), {1, 2});  // row of each batch entry's first beam
  const Edge from = b.reshape(b.add("Slice", {b.add(rows, first), b.ints({0}), length, b.ints({2})}),
                              b.add("Concat", {b.ints({-1}), length}, {{"axis", int64_t{0}}}));
  return b.add("GatherElements", {cache, b.add("Expand", {b.unsqueeze(from, {1, 3}), b.add("Shape", {cache})})}, {{"axis", int64_t{0}}});
}

// The new rows in their place of a shared buffer.
Edge stored(Upgrade& u, size_t i, Edge present) {
  if (!u.has(8)) return present;
  Builder& b = u.builder;
  const Edge before = past_of(u, i), past = dim_of(b, before, 2), end = dim_of(b, present, 2), most = dim_of(b, u.input(i), 2);
  const Edge fresh = b.add("Slice", {present, past, end, b.ints({2})}), rest = b.add("Slice", {u.input(i), end, most, b.ints({2})});
  return b.add("Concat", {before, fresh, rest}, {{"axis", int64_t{2}}});
}

Result<void> check(const Upgrade& u, int64_t heads) {
  if (heads < 1) return fail(ErrorCode::invalid_model, "num_heads ", heads, ": expected at least 1");
  if (u.has(6) != u.has(7)) return fail(ErrorCode::invalid_model, "past_key and past_value come together");
  if (u.has(8) && !u.has(6)) return fail(ErrorCode::invalid_model, "past_sequence_length without past_key");
  if (u.has(6) && NACRE_TRY(known_shape(u, 6)).size() != 4)
    return fail(ErrorCode::invalid_argument, "past_key of shape ", NACRE_TRY(known_shape(u, 6)), ": expected rank 4");
  return {};
}

Result<void> upgrade(Upgrade& u) {
  if (!u.has(0)) return fail(ErrorCode::invalid_model, "input 0 is required and absent");
  const int64_t heads = u.node.attributes.integer("num_heads", 0);
  NACRE_TRY(check(u, heads));
  Builder& b = u.builder;
  Operands o = NACRE_TRY(read_operands(u, heads));
  NACRE_TRY(b.status());
  NACRE_TRY(add_bias(u, o, heads));
  const Edge past_key = indirect(u, past_of(u, 6)), past_value = indirect(u, past_of(u, 7));
  Edge keys = dim_of(b, o.k, o.flat ? 1 : 2);
  if (past_key != kAbsent) keys = b.add(keys, dim_of(b, past_key, 2));
  const Edge mask = NACRE_TRY(additive_mask(u, 4, 5, u.input(0), NACRE_TRY(known_shape(u, 0))[0], keys));
  const bool wants_present = u.node.has_output(1) || u.node.has_output(2);
  const bool wants_scores = u.node.has_output(3);
  Attributes attributes = attention_attributes(u.node.attributes, o.flat ? heads : 0);
  if (wants_scores) attributes.set("qk_matmul_output_mode", kMaskedScores);
  std::vector<Edge> out = b.add_many("Attention", {o.q, o.k, o.v, mask, past_key, past_value},
                                     wants_scores    ? 4
                                     : wants_present ? 3
                                                     : 1,
                                     std::move(attributes));
  if (!o.flat) out[0] = b.reshape(b.transpose(out[0], {0, 2, 1, 3}), std::vector<int64_t>{0, 0, -1});
  if (wants_present) out[1] = stored(u, 6, out[1]), out[2] = stored(u, 7, out[2]);
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
