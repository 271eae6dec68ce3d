#include "core/small_float.h"

#include <algorithm>
#include <array>

namespace nacre {
namespace {

constexpr uint32_t kNaNBits = 0x7fc00000u, kInfinityBits = 0x7f800000u;

constexpr float decode(const FloatFormat& format, uint32_t code) {
  const uint32_t magnitude = code & (format.sign - 1), sign = code & format.sign ? 0x80000000u : 0;
  if (format.fnuz && code == format.nan) return std::bit_cast<float>(kNaNBits);
  if (magnitude == format.overflow && format.overflow != format.nan && format.overflow != format.largest)
    return std::bit_cast<float>(kInfinityBits | sign);
  if (magnitude > format.largest) return std::bit_cast<float>(kNaNBits | sign);
  const uint32_t field = magnitude >> format.mantissa_bits, mantissa = magnitude & ((1u << format.mantissa_bits) - 1);
  const uint32_t significand = field ? mantissa | 1u << format.mantissa_bits : mantissa;
  // 2^exponent is built from bits: small formats reach down to 2^-17 only, far above float's denormals.
  const int exponent = static_cast<int>(field ? field : 1) - format.bias - format.mantissa_bits;
  const float scale = std::bit_cast<float>(static_cast<uint32_t>(exponent + 127) << 23);
  const float value = static_cast<float>(significand) * scale;
  return sign ? -value : value;
}

template <size_t n>
constexpr std::array<float, n> table(const FloatFormat& format) {
  std::array<float, n> out{};
  for (uint32_t code = 0; code < n; ++code) out[code] = decode(format, code);
  return out;
}

constexpr std::array<float, 256> table_e8m0() {
  std::array<float, 256> out{};
  for (uint32_t code = 1; code < 255; ++code) out[code] = std::bit_cast<float>(code << 23);
  out[0] = std::bit_cast<float>(0x00400000u);  // 2^-127 is a denormal float
  out[255] = std::bit_cast<float>(kNaNBits);
  return out;
}

constexpr auto kTableE4M3FN = table<256>(kE4M3FN);
constexpr auto kTableE4M3FNUZ = table<256>(kE4M3FNUZ);
constexpr auto kTableE5M2 = table<256>(kE5M2);
constexpr auto kTableE5M2FNUZ = table<256>(kE5M2FNUZ);
constexpr auto kTableE8M0 = table_e8m0();
constexpr auto kTableE2M1 = table<16>(kE2M1);

constexpr uint32_t kE8M0NaN = 255, kE8M0Largest = 254;

}  // namespace

const float* decode_table(DType dtype) {
  switch (dtype) {
    case DType::float8e4m3fn: return kTableE4M3FN.data();
    case DType::float8e4m3fnuz: return kTableE4M3FNUZ.data();
    case DType::float8e5m2: return kTableE5M2.data();
    case DType::float8e5m2fnuz: return kTableE5M2FNUZ.data();
    case DType::float8e8m0: return kTableE8M0.data();
    case DType::float4e2m1: return kTableE2M1.data();
    default: return nullptr;
  }
}

uint32_t encode_e8m0(const FloatParts& parts, const ConvertOptions& options) {
  using Kind = FloatParts::Kind;
  if (parts.kind == Kind::nan) return kE8M0NaN;
  if (parts.kind == Kind::zero) return options.saturate ? 0 : kE8M0NaN;
  if (parts.kind == Kind::infinite) return options.saturate ? kE8M0Largest : kE8M0NaN;
  constexpr uint64_t one = uint64_t{1} << 63, one_and_a_half = uint64_t{3} << 62;
  const bool up = options.round_mode == RoundMode::up        ? parts.significand > one
                  : options.round_mode == RoundMode::nearest ? parts.significand >= one_and_a_half
                                                             : false;
  const int code = parts.exponent + (up ? 1 : 0) + 127;
  if (code >= 0 && code <= static_cast<int>(kE8M0Largest)) return static_cast<uint32_t>(code);
  return options.saturate ? (code < 0 ? 0 : kE8M0Largest) : kE8M0NaN;
}

}  // namespace nacre
