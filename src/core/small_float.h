// The 4-, 8- and 16-bit float formats as data, and one encoder for all of them.
// https://onnx.ai/onnx/technical/float8.html, OCP Microscaling Formats (MX) 1.0.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/convert.h"

namespace nacre {

/// A number as sign, exponent and a significand whose top bit is set: magnitude = significand * 2^(exponent - 63).
struct FloatParts {
  enum class Kind : uint8_t { zero, finite, infinite, nan };
  Kind kind = Kind::zero;
  bool negative = false;
  int exponent = 0;
  uint64_t significand = 0;
};

struct FloatFormat {
  int mantissa_bits, bias;
  uint32_t largest;       // code of the largest finite magnitude
  uint32_t overflow;      // code of what lies beyond it when not saturating: infinity or NaN
  uint32_t nan, sign;     // code of NaN, bit of the sign
  bool fnuz = false;      // no negative zero, its code is the only NaN
  bool saturates = true;  // whether ConvertOptions::saturate applies
};

inline constexpr FloatFormat kFloat16{10, 15, 0x7bff, 0x7c00, 0x7e00, 0x8000, false, false};
inline constexpr FloatFormat kBFloat16{7, 127, 0x7f7f, 0x7f80, 0x7fc0, 0x8000, false, false};
inline constexpr FloatFormat kE4M3FN{3, 7, 0x7e, 0x7f, 0x7f, 0x80};
inline constexpr FloatFormat kE4M3FNUZ{3, 8, 0x7f, 0x80, 0x80, 0x80, true};
inline constexpr FloatFormat kE5M2{2, 15, 0x7b, 0x7c, 0x7e, 0x80};
inline constexpr FloatFormat kE5M2FNUZ{2, 16, 0x7f, 0x80, 0x80, 0x80, true};
// No infinity and no NaN: whatever is too large is 6; NaN becomes -0, as in ml_dtypes (`nan` flips, see encode).
inline constexpr FloatFormat kE2M1{1, 1, 0x7, 0x7, 0x8, 0x8, false, false};

/// The parts of a number with `mantissa_bits` stored bits, `bias`, and all-ones exponents for infinity and NaN.
constexpr FloatParts ieee_parts(uint64_t magnitude, bool negative, int mantissa_bits, int bias, int exponent_mask) {
  const uint64_t mantissa = magnitude & ((uint64_t{1} << mantissa_bits) - 1);
  const int exponent = static_cast<int>(magnitude >> mantissa_bits);
  if (exponent == exponent_mask) return {mantissa ? FloatParts::Kind::nan : FloatParts::Kind::infinite, negative, 0, 0};
  if (magnitude == 0) return {FloatParts::Kind::zero, negative, 0, 0};
  if (exponent)
    return {FloatParts::Kind::finite, negative, exponent - bias, (mantissa | uint64_t{1} << mantissa_bits) << (63 - mantissa_bits)};
  const int zeros = std::countl_zero(mantissa);
  return {FloatParts::Kind::finite, negative, 64 - bias - mantissa_bits - zeros, mantissa << zeros};
}

inline FloatParts parts_of(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return ieee_parts(bits & 0x7fffffffu, bits >> 31, 23, 127, 0xff);
}
inline FloatParts parts_of(double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  return ieee_parts(bits & (UINT64_MAX >> 1), bits >> 63, 52, 1023, 0x7ff);
}
constexpr FloatParts parts_of(uint64_t value) {
  if (value == 0) return {};
  const int zeros = std::countl_zero(value);
  return {FloatParts::Kind::finite, false, 63 - zeros, value << zeros};
}
constexpr FloatParts parts_of(int64_t value) {
  FloatParts parts = parts_of(value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
  parts.negative = value < 0;
  return parts;
}

/// The magnitude's code, rounded to nearest even; may be beyond `largest`.
constexpr uint64_t rounded_magnitude(const FloatFormat& format, const FloatParts& parts) {
  const int smallest = 1 - format.bias;  // exponent of the smallest normal number
  const int grid = parts.exponent > smallest ? parts.exponent : smallest;
  const int drop = 63 - format.mantissa_bits + (grid - parts.exponent);
  if (drop > 64) return 0;
  const uint64_t kept = drop == 64 ? 0 : parts.significand >> drop;
  const uint64_t rest = drop == 64 ? parts.significand : parts.significand << (64 - drop);
  constexpr uint64_t half = uint64_t{1} << 63;
  const uint64_t rounded = kept + (rest > half || (rest == half && (kept & 1)));
  // The hidden bit carries into the exponent field by itself, and so does rounding up to the next power of two.
  return rounded + (static_cast<uint64_t>(grid - smallest) << format.mantissa_bits);
}

constexpr uint32_t encode(const FloatFormat& format, const FloatParts& parts, bool saturate) {
  const uint32_t sign = parts.negative ? format.sign : 0;
  if (parts.kind == FloatParts::Kind::nan) return format.fnuz ? format.nan : format.nan ^ sign;
  const bool clamp = saturate && format.saturates;
  const uint64_t code = parts.kind == FloatParts::Kind::zero       ? 0
                        : parts.kind == FloatParts::Kind::infinite ? uint64_t{format.largest} + 1
                                                                   : rounded_magnitude(format, parts);
  const uint32_t magnitude = code <= format.largest ? static_cast<uint32_t>(code) : clamp ? format.largest : format.overflow;
  return format.fnuz && (magnitude == 0 || magnitude == format.nan) ? magnitude : magnitude | sign;
}

/// float8e8m0: a power of two, no sign and no zero. The sign is ignored, as ONNX's reference does.
/// Without `saturate` what lies outside of 2^-127..2^127 (zero and infinity too) is NaN.
uint32_t encode_e8m0(const FloatParts& parts, const ConvertOptions& options);

/// All 256 values of each 8-bit format, all 16 of float4e2m1. Null for other dtypes.
const float* decode_table(DType dtype);

}  // namespace nacre
