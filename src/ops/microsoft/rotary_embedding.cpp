// com.microsoft.RotaryEmbedding: ai.onnx's, with one first position for all as another form of position_ids.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

// position_ids of shape [1] is the first position: position_ids = first + 0, 1, 2 ... for every sequence.
Edge positions(Builder& b, Edge first, Edge x, bool heads_first) {
  const Edge length = dim_of(b, x, heads_first ? 2 : 1), scalar = b.add("Squeeze", {length, b.ints({0})});
  const Edge zero = b.constant(Tensor::scalar<int64_t>(0)), one = b.constant(Tensor::scalar<int64_t>(1));
  const Edge counted = b.add(b.add("Range", {zero, scalar, one}), first);
  return b.add("Expand", {counted, b.add("Concat", {dim_of(b, x, 0), length}, {{"axis", int64_t{0}}})});
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const Attributes& given = u.node.attributes;
  // `scale` and `is_packed_batching` change nothing in ONNX Runtime's answers either: positions and caches say all.
  const SymShape x = NACRE_TRY(known_shape(u, 0)), ids = NACRE_TRY(known_shape(u, 1)), cosines = NACRE_TRY(known_shape(u, 2));
  if ((x.size() != 3 && x.size() != 4) || cosines.size() != 2)
    return fail(ErrorCode::invalid_argument, "input ", x, " with caches ", cosines);
  Builder& b = u.builder;
  int64_t heads = given.integer("num_heads", 0);
  if (x.size() == 3 && heads == 0 && x[2].constant() && cosines[1].constant().value_or(0) > 0)  // the caches tell the head's size
    heads = *x[2].constant() / *cosines[1].constant() / 2;
  Attributes attributes{{"interleaved", given.integer("interleaved", 0)},
                        {"rotary_embedding_dim", given.integer("rotary_embedding_dim", 0)}};
  const Edge where = ids.size() == 1 ? positions(b, u.input(1), u.input(0), x.size() == 4) : u.input(1);
  const auto turned = [&](Edge input) { return b.add("RotaryEmbedding", {input, u.input(2), u.input(3), where}, attributes); };
  if (x.size() == 4) return replace(u, {turned(u.input(0))});
  if (heads > 0) return attributes.set("num_heads", heads), replace(u, {turned(u.input(0))});
  const Edge head = b.mul(dim_of(b, u.input(2), 1), b.ints({2}));
  const Edge split = b.reshape(u.input(0), b.add("Concat", {b.ints({0, 0, -1}), head}, {{"axis", int64_t{0}}}));
  const Edge y = b.transpose(turned(b.transpose(split, {0, 2, 1, 3})), {0, 2, 1, 3});
  return replace(u, {b.reshape(y, b.add("Shape", {u.input(0)}))});
}

}  // namespace

extern const Op op_microsoft_rotary_embedding;
const Op op_microsoft_rotary_embedding{.name = "RotaryEmbedding",
                                       .domain = "com.microsoft",
                                       .since = {1, kRewritten},
                                       .types = float_types,
                                       .inputs = {4, 4},
                                       .outputs = {1, 1},
                                       .infer = never_inferred,
                                       .evaluate = never_evaluated,
                                       .upgrade = upgrade};

}  // namespace nacre
