// The activations of epilogues, one struct each, so that a loop can be instantiated for every one of them.
//
//     Vf y = activated<Activation::silu>(x, alpha, beta);   // alpha, beta: the parameters of the kinds that have some
#pragma once

#include "backends/native/kernels/isa/local.h"
#include "backends/native/kernels/vector_math.h"

namespace nacre::NACRE_ISA {

NACRE_INLINE Vf clip(Vf x, Vf low, Vf high) {
  x = select(x < low, low, x);
  return select(x > high, high, x);
}

/// exp(x) - 1 for x <= 0, by the series where the difference would lose digits.
NACRE_INLINE Vf exp_minus_one(Vf x) {
  Vf near = x + x * x * polynomial(x, kExpTail);
  return select(x > splat(-0.34f), near, exp(x) - splat(1));
}

/// alpha x + beta, which cancels, with one rounding.
NACRE_INLINE Vf line(Vf x, Vf alpha, Vf beta) {
#if defined(__FMA__) || defined(__aarch64__)
  return alpha * x + beta;
#else
  return narrow(widen(alpha) * widen(x) + widen(beta));
#endif
}

template <Activation A>
NACRE_INLINE Vf activated(Vf x, Vf alpha, Vf beta) {
  if constexpr (A == Activation::relu) return select(x < Vf{}, Vf{}, x);
  if constexpr (A == Activation::clip) return clip(x, alpha, beta);
  if constexpr (A == Activation::leaky_relu) return select(x < Vf{}, alpha * x, x);
  if constexpr (A == Activation::elu) return select(x < Vf{}, alpha * exp_minus_one(x), x);
  if constexpr (A == Activation::hardsigmoid) return clip(line(x, alpha, beta), Vf{}, splat(1));
  if constexpr (A == Activation::hardswish) return x * (clip(x + splat(3), Vf{}, splat(6)) * splat(1.0f / 6));
  if constexpr (A == Activation::sigmoid) return sigmoid(x);
  if constexpr (A == Activation::tanh) return tanh(x);
  if constexpr (A == Activation::silu) return silu(x);
  if constexpr (A == Activation::gelu_erf) return gelu_erf(x);
  if constexpr (A == Activation::gelu_tanh) return gelu_tanh(x);
  if constexpr (A == Activation::mish) return mish(x);
  if constexpr (A == Activation::softplus) return softplus(x);
  return x;
}

}  // namespace nacre::NACRE_ISA
