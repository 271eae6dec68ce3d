// GatherBlockQuantized: gathers from a quantized table and dequantizes what was gathered, one scale for each block of an axis.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

// Two 4-bit fields in each byte of the last axis, the lower bits first, as uint8.
Edge unpacked(Builder& b, Edge x, const SymShape& shape) {
  const Edge low = b.add("BitwiseAnd", {x, b.scalar(15, x)}), high = b.add("BitShift", {x, b.scalar(4, x)}, {{"direction", "RIGHT"}});
  const Edge pairs = b.add("Concat", {b.unsqueeze(low, {-1}), b.unsqueeze(high, {-1})}, {{"axis", int64_t{-1}}});
  std::vector<int64_t> target(shape.size(), 0);
  target.back() = -1;
  return b.reshape(pairs, std::move(target));
}

struct Axes {
  int64_t gather, quantize, moved;  // `moved`: the quantized axis after gathering
};

Result<Axes> read_axes(const Upgrade& u, const SymShape& data, const SymShape& indices) {
  const Attributes& a = u.node.attributes;
  const auto rank = static_cast<int64_t>(data.size());
  Axes out{};
  out.gather = NACRE_TRY(Inference::checked_axis(a.integer("gather_axis", 0), rank));
  out.quantize = NACRE_TRY(Inference::checked_axis(a.integer("quantize_axis", 1), rank));
  out.moved = out.quantize + (out.gather < out.quantize ? static_cast<int64_t>(indices.size()) - 1 : 0);
  return out;
}

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const SymShape data = NACRE_TRY(known_shape(u, 0)), indices = NACRE_TRY(known_shape(u, 1));
  const Axes axes = NACRE_TRY(read_axes(u, data, indices));
  const int64_t bits = u.node.attributes.integer("bits", 4);
  if (bits != 4 && bits != 8) return fail(ErrorCode::invalid_model, bits, " bits: expected 4 or 8");
  const bool bytes = u.fact(0).dtype == DType::uint8, packed = bytes && bits == 4;
  if (packed && (axes.quantize != static_cast<int64_t>(data.size()) - 1 || axes.gather == axes.quantize))
    return fail(ErrorCode::unsupported, "packed bytes quantized along axis ", axes.quantize, " of ", data.size());
  Builder& b = u.builder;
  const bool late = axes.gather == axes.quantize;  // what is gathered from within blocks is no block
  const auto gathered = [&](Edge x) { return b.add("Gather", {x, u.input(1)}, {{"axis", axes.gather}}); };
  const auto early = [&](size_t i) { return late ? u.input(i) : gathered(u.input(i)); };
  Edge values = early(0), scales = early(2), zeros = u.has(3) ? early(3) : kAbsent;
  const SymShape shape(data.size() + indices.size() - 1);
  if (packed) values = unpacked(b, values, shape);
  if (packed && zeros != kAbsent) {  // a row of an odd number of blocks ends with four bits of nothing
    const Edge width = b.add("Shape", {scales}, {{"start", int64_t{-1}}});
    zeros = b.add("Slice", {unpacked(b, zeros, shape), b.ints({0}), width, b.ints({-1})});
  }
  // Bytes without zero points lie around the middle of their range, 4-bit integers around 0.
  if (bytes && zeros == kAbsent) {
    const Edge middle = b.constant(Tensor::scalar<uint8_t>(static_cast<uint8_t>(1 << (bits - 1))));
    zeros = b.add("Expand", {middle, b.add("Shape", {scales})});
  }
  Attributes attributes{{"axis", axes.moved}, {"block_size", u.node.attributes.integer("block_size", 128)}};
  const Edge y = b.add("DequantizeLinear", {values, scales, zeros}, std::move(attributes));
  return replace(u, {late ? gathered(y) : y});
}

}  // namespace

extern const Op op_microsoft_gather_block_quantized;
const Op op_microsoft_gather_block_quantized{.name = "GatherBlockQuantized",
                                             .domain = "com.microsoft",
                                             .since = {1, kRewritten},
                                             .types = {DType::uint8, DType::int4, DType::uint4},
                                             .inputs = {3, 4},
                                             .outputs = {1, 1},
                                             .infer = never_inferred,
                                             .evaluate = never_evaluated,
                                             .upgrade = upgrade};

}  // namespace nacre
