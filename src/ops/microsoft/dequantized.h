// QLinear... operators: dequantize, ai.onnx's operator, quantize.
#pragma once

#include "ops/microsoft/rewrite.h"

namespace nacre {

inline constexpr TypeSet kBytes{DType::int8, DType::uint8};

/// Inputs `i`, `i + 1` and `i + 2` (value, scale, zero point or nothing) as float.
inline Edge dequantized(Upgrade& u, size_t i) { return u.builder.add("DequantizeLinear", {u.input(i), u.input(i + 1), u.input(i + 2)}); }

/// `x` as `dtype` by scale `i` and zero point `i + 1`, which may be absent.
inline Edge quantized(Upgrade& u, Edge x, size_t i, DType dtype) {
  Builder& b = u.builder;
  const Edge zero = u.has(i + 1) ? u.input(i + 1) : b.constant(Tensor(dtype, {}));
  return b.add("QuantizeLinear", {x, u.input(i), zero});
}

/// The node becomes f(the values at `operands`, as float), quantized by scale `scale` to the dtype of input 0.
template <class F>
Result<void> between_quantizers(Upgrade& u, std::initializer_list<size_t> operands, size_t scale, F f) {
  if (!u.has(scale)) return fail(ErrorCode::invalid_model, "input ", scale, " is required and absent");
  std::vector<Edge> x;
  for (size_t i : operands) x.push_back(dequantized(u, i));
  return replace(u, {quantized(u, f(x), scale, u.fact(0).dtype)});
}

}  // namespace nacre
