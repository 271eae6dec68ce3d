// 16-bit floats to and from float, branch-free so that loops over them vectorise. Exact also while flush-to-zero is on.
#pragma once

#include <bit>
#include <cstdint>

namespace nacre {

inline float float_from_half(uint16_t half) noexcept {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t shifted = static_cast<uint32_t>(half & 0x7fffu) << 13;
  const uint32_t exponent = shifted & 0x0f800000u;
  const uint32_t rebased = shifted + (112u << 23);
  // A denormal half becomes 1.mantissa * 2^-14 minus 2^-14: both normal floats, the difference is exact.
  const uint32_t denormal = std::bit_cast<uint32_t>(std::bit_cast<float>(shifted + (113u << 23)) - std::bit_cast<float>(113u << 23));
  const uint32_t special = shifted + (224u << 23);
  const uint32_t magnitude = exponent == 0 ? denormal : exponent == 0x0f800000u ? special : rebased;
  return std::bit_cast<float>(magnitude | sign);
}

inline uint16_t half_from_float(float value) noexcept {
  const uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7fffffffu;
  // Normal result: rebase the exponent and round to nearest even; a carry into the exponent is what rounding up means.
  const uint32_t rounded = (magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // Denormal result: adding 0.5 lines the last half bit up with the float's last bit, so the adder rounds for us.
  const uint32_t denormal = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<uint32_t>(0.5f);
  const uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  uint32_t half = magnitude < (113u << 23) ? denormal : rounded;
  half = magnitude >= 0x477ff000u ? 0x7c00u : half;  // 65520 and above round to infinity
  half = magnitude > 0x7f800000u ? nan : half;
  return static_cast<uint16_t>(half | ((bits >> 16) & 0x8000u));
}

inline float float_from_bfloat(uint16_t value) noexcept { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); }

inline uint16_t bfloat_from_float(float value) noexcept {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t nan = (bits >> 16) | 0x40u;  // quiet; a payload in the low half must not become infinity
  return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
}

}  // namespace nacre
