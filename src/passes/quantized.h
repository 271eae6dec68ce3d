// Values of 8 bits between QuantizeLinear and DequantizeLinear, as passes read them.
//
//     if (const std::optional<Codes> x = codes_of(match, node.inputs[0])) ...   // node reads (x->edge - zero) * scale
//     if (const std::optional<Ending> y = ending_of(match, graph, node)) ...    // and somebody quantizes what it gives
#pragma once

#include "passes/match.h"

namespace nacre {

/// An edge of int8 or uint8 that stands for (code - origin) * step.
struct Codes {
  Edge edge = kAbsent, scale = kAbsent, zero = kAbsent;  // zero may be absent: 0
  float step = 1;
  int32_t origin = 0;
  DType dtype = DType::uint8;

  bool means_the_same(const Codes& other) const { return step == other.step && origin == other.origin && dtype == other.dtype; }
  int32_t least() const { return dtype == DType::int8 ? -128 : 0; }
  int32_t most() const { return least() + 255; }
  /// QuantizeLinear of one value.
  int32_t code(double value) const;
};

/// What a DequantizeLinear with one scale makes `edge` from.
std::optional<Codes> codes_of(const Match& match, Edge edge);
/// What a QuantizeLinear with one scale makes.
std::optional<Codes> codes_made_by(const Graph& graph, const Node& quantize);

/// Where the only use of a node's output 0, perhaps after Relu and Clip, is a QuantizeLinear. Clamping and quantizing are
/// monotone: the codes [low, high] say the same as the clamps before.
struct Ending {
  size_t node = 0;  ///< position of the QuantizeLinear
  Codes y;
  int32_t low = 0, high = 0;
  bool clamps() const { return low > y.least() || high < y.most(); }
};
std::optional<Ending> ending_of(const Match& match, const Node& node);

/// Constant weights of 8 bits behind a DequantizeLinear: one scale, or one for each index of `axis`.
struct WeightCodes {
  Edge edge = kAbsent;
  const Tensor* codes = nullptr;
  Edge scale = kAbsent, zero = kAbsent;  // zero may be absent: 0
  std::vector<float> steps;              // one, or one for each index
};
std::optional<WeightCodes> weight_codes_of(const Match& match, Edge edge, int64_t axis);

/// A constant bias in units of x_step * w_step, one for each of `count` channels: what integer sums start with.
std::optional<Tensor> integer_bias(const Match& match, Edge bias, float x_step, std::span<const float> w_steps, int64_t count);

/// A node of a fused graph that reads what a DequantizeLinear made, and computes in float for this reason.
struct FloatNode {
  const Node* node = nullptr;
  std::string reason;
};
std::vector<FloatNode> left_in_float(const Graph& graph);

}  // namespace nacre
